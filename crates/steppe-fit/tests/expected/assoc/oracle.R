# Maxima of the likelihood (glm) and of Firth's penalised likelihood in double precision, to far beyond printed digits:
# the truth where plink2 2.00a3.5, which fits binary traits in single precision, and we differ.
#   Rscript oracle.R > oracle.tsv
table <- function(name) read.table(name, header = TRUE, comment.char = "", na.strings = "NA")
n <- nrow(read.table("small.fam"))
bytes <- matrix(readBin("small.bed", "integer", 1e6, size = 1, signed = FALSE)[-(1:3)], nrow = n / 4)
copies <- c(2, NA, 1, 0)
genotype <- function(j) copies[as.vector(sapply(bytes[, j], function(b) b %/% c(1, 4, 16, 64) %% 4)) + 1]
pheno <- table("small.pheno")
covar <- scale(as.matrix(table("small.covar")[, c("AGE", "C2", "COPY", "SUM_A", "SUM_B")]))

# Firth (1993): root of X'(y - p + h(1/2 - p)) by Fisher scoring with halved steps.
firth <- function(X, y) {
  beta <- rep(0, ncol(X))
  at <- function(beta) {
    p <- plogis(X %*% beta)[, 1]
    v <- p * (1 - p)
    inverse <- solve(crossprod(X, X * v))
    list(inverse = inverse, p = p, h = v * rowSums((X %*% inverse) * X),
      likelihood = sum(dbinom(y, 1, p, log = TRUE)) - 0.5 * determinant(inverse)$modulus)
  }
  now <- at(beta)
  for (iteration in 1:2000) {
    step <- now$inverse %*% crossprod(X, y - now$p + now$h * (0.5 - now$p))[, 1]
    step <- step / max(1, max(abs(step)) / 2) * (if (iteration > 100) 0.5 else 1)
    if (max(abs(step)) < 1e-10) break
    for (half in 1:20) {
      try <- at(beta + step)
      if (max(abs(step)) < 1e-3 || try$likelihood > now$likelihood) break
      step <- step / 2
    }
    beta <- beta + step
    now <- try
  }
  if (max(abs(step)) > 1e-9) return(c(NA_real_, NA_real_))
  c(beta[2], sqrt(now$inverse[2, 2]))
}

cat("ID\tTRAIT\tLOGISTIC_BETA\tLOGISTIC_SE\tFIRTH_BETA\tFIRTH_SE\n")
for (j in seq_len(ncol(bytes))) for (trait in c("B1", "B2")) {
  g <- genotype(j)
  use <- complete.cases(g, covar, pheno[[trait]])
  # The variants that plink2 does not test: too few calls, constant, collinear with COPY or SUM_A and SUM_B.
  if (sum(use) < 8 || length(unique(g[use])) == 1 || j %in% c(2, 3)) next
  X <- cbind(1, g[use], covar[use, ])
  y <- pheno[[trait]][use] - 1
  plain <- c(NA_real_, NA_real_)
  copies_by_status <- c(sum(g[use][y == 1]), sum(g[use][y == 0]), sum(2 - g[use][y == 1]), sum(2 - g[use][y == 0]))
  if (all(copies_by_status > 0)) {
    fit <- suppressWarnings(glm.fit(X, y, family = binomial(), control = list(epsilon = 1e-14, maxit = 100)))
    if (max(abs(fit$coefficients)) < 15)
      plain <- c(fit$coefficients[2], sqrt(chol2inv(qr.R(fit$qr))[2, 2]))
  }
  values <- formatC(c(plain, firth(X, y)), digits = 12, format = "g")
  cat(sprintf("v%d\t%s\t%s\n", j - 1, trait, paste(sub("^ *", "", values), collapse = "\t")))
}
