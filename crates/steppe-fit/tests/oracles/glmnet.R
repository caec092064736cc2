# Makes tests/expected/glmnet.json: a small simulated cohort and glmnet's paths on it, at a convergence threshold far
# below what the tests ask for. Run in this folder with R 4.2, glmnet 4.1-6, survival 3.5-3, jsonlite 1.8.4:
#   Rscript glmnet.R ../expected/glmnet.json
suppressMessages({library(glmnet); library(survival); library(jsonlite)})
set.seed(20)
n <- 150; p <- 220; train <- 1:120; held <- 121:150

# Genotypes in blocks of correlated variants, 1 % missing.
geno <- matrix(0L, n, p)
for (j in 1:p) {
  fresh <- rbinom(n, 2, runif(1, 0.08, 0.5))
  keep <- j %% 10 != 1 & runif(n) < 0.7
  geno[, j] <- if (j %% 10 == 1) fresh else ifelse(keep, geno[, j - 1], fresh)
}
geno[matrix(runif(n * p) < 0.01, n)] <- NA
x <- apply(geno, 2, function(g) ifelse(is.na(g), mean(g[train], na.rm = TRUE), g))
covar <- cbind(rnorm(n), 50 + 8 * rnorm(n))
effect <- numeric(p); effect[seq(5, p, 14)] <- rnorm(length(seq(5, p, 14)), sd = 0.5)
risk <- drop(scale(x %*% effect)) + 0.4 * covar[, 1]
weights <- round(runif(n, 0.2, 3), 3)
factors <- rep(c(1, 0.5, 2, 1, 1.5), length.out = p)
factors[c(7, 90)] <- 0; factors[c(3, 105)] <- Inf
y <- risk + rnorm(n)
unit <- function(y, w) { m <- sum(w * y) / sum(w); (y - m) / sqrt(sum(w * (y - m)^2) / sum(w)) }
case <- rbinom(n, 1, plogis(risk - 0.5))
time <- ceiling(8 * rexp(n) / exp(risk)); event <- rbinom(n, 1, 0.7)

one <- function(name, family, alpha, standardize = FALSE, w = rep(1, n), pf = rep(1, p), z = FALSE,
                first, ratio = 0.1, count = 12) {
  q <- if (z) ncol(covar) else 0
  design <- if (z) cbind(covar, x) else x
  all <- c(rep(0, q), pf)
  # Gaussian responses have unit variance, since glmnet divides by it before it applies the ridge part.
  response <- switch(family, gaussian = { v <- y; v[train] <- unit(y[train], w[train]); v },
                     binomial = case, cox = Surv(time, event))
  target <- if (family == "cox") response[train, ] else response[train]
  lambda <- first * ratio^((0:(count - 1)) / (count - 1))
  # glmnet rescales factors over all columns; here lambda refers to a mean factor of 1 over variants.
  fit <- glmnet(design[train, ], target, family = family, alpha = alpha, standardize = standardize,
                weights = w[train], penalty.factor = all, lambda = lambda * p / (p + q), thresh = 1e-20, maxit = 1e8)
  stopifnot(length(fit$lambda) == count)
  beta <- as.matrix(fit$beta)
  eta <- design[held, ] %*% beta
  metric <- apply(eta, 2, function(e) {
    if (sd(e) < 1e-12) return(NA)
    switch(family, gaussian = cor(e, response[held])^2, binomial = glmnet:::auc(case[held], e),
           cox = Cindex(e, response[held, ]))
  })
  points <- lapply(1:count, function(k) {
    b <- beta[(q + 1):(q + p), k]; nz <- which(b != 0)
    list(lambda = lambda[k], intercept = if (family == "cox") 0 else unname(fit$a0[k]),
         covariates = I(unname(beta[seq_len(q), k])), variants = I(nz - 1), effects = I(unname(b[nz])),
         deviance = fit$dev.ratio[k], metric = unname(metric[k]))
  })
  list(name = name, family = family, alpha = alpha, standardize = standardize, weights = w, covariates = z,
       factors = ifelse(is.infinite(pf), -1, pf), y = if (family == "gaussian") response else NULL, points = points)
}
cases <- list(
  one("gaussian lasso", "gaussian", 1, first = 0.35),
  one("gaussian lasso, covariates", "gaussian", 1, z = TRUE, first = 0.3),
  one("gaussian lasso, standardised, weights, factors", "gaussian", 1, TRUE, weights, factors, first = 0.25),
  one("gaussian elastic net, standardised, covariates", "gaussian", 0.5, TRUE, z = TRUE, first = 0.6),
  one("gaussian elastic net, weights, factors", "gaussian", 0.2, FALSE, weights, factors, first = 1),
  one("gaussian ridge", "gaussian", 0, TRUE, first = 20, ratio = 0.01, count = 4),
  one("binomial lasso", "binomial", 1, first = 0.15),
  one("binomial elastic net, standardised, weights, factors, covariates", "binomial", 0.5, TRUE, weights, factors,
      TRUE, first = 0.3),
  one("binomial ridge", "binomial", 0, first = 5, ratio = 0.1, count = 3),
  one("cox lasso", "cox", 1, first = 0.2),
  one("cox elastic net, weights, factors, covariates", "cox", 0.5, FALSE, weights, factors, TRUE, first = 0.3),
  one("cox lasso, standardised", "cox", 1, TRUE, first = 0.2))
codes <- apply(ifelse(is.na(geno), 3L, geno), 2, paste, collapse = "")
writeLines(toJSON(list(samples = n, training = length(train), genotypes = codes, covariates = covar,
                       case = case, time = time, event = event, cases = cases),
                  digits = NA, auto_unbox = TRUE, null = "null", na = "null"), commandArgs(TRUE)[1])
