# R by RPostgreSQL, which is built on libpq.
library(DBI)
library(RPostgreSQL)

Sys.setenv(PGSSLMODE = "verify-full", PGSSLROOTCERT = file.path(Sys.getenv("GATEWAY_FOLDER"), "certs", "ca.crt"))
token <- readLines(file.path(Sys.getenv("GATEWAY_FOLDER"), "ada.token"), warn = FALSE)
connection <- dbConnect(
  PostgreSQL(),
  host = "localhost", port = as.integer(Sys.getenv("GATEWAY_POSTGRES")),
  dbname = "steppe", user = "ada", password = token
)
people <- read.csv(file.path(Sys.getenv("GATEWAY_FOLDER"), "people.csv"))
expected <- aggregate(score ~ population, people, mean)
found <- dbGetQuery(connection, "SELECT population, avg(score) AS score FROM people GROUP BY population ORDER BY population")
stopifnot(identical(found$population, expected$population), all.equal(found$score, expected$score))
all <- dbGetQuery(connection, "SELECT * FROM people ORDER BY iid")
stopifnot(nrow(all) == 1000, all.equal(all$score, people$score), identical(all$iid, people$iid))
result <- dbSendQuery(connection, "SELECT iid FROM people ORDER BY iid")
stopifnot(nrow(fetch(result, n = 10)) == 10)
dbClearResult(result)
stopifnot("people" %in% dbListTables(connection))
stopifnot(identical(dbListFields(connection, "people"), c("iid", "population", "score", "affected")))
refused <- tryCatch({ dbGetQuery(connection, "DROP TABLE people"); NULL }, error = function(error) error, warning = function(warning) warning)
stopifnot(!is.null(refused))
invisible(dbDisconnect(connection))
cat(sprintf("R %s, RPostgreSQL %s: 6 checks\n", getRversion(), packageVersion("RPostgreSQL")))
