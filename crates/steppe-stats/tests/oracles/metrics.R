# Rscript metrics.R ../expected/metrics     (after metrics.py; versions: see the first line of r.tsv)
# pROC's DeLong variance and paired test, Hmisc's net reclassification, base R's glm and quantiles.
suppressMessages({library(pROC); library(Hmisc)})
folder <- commandArgs(TRUE)[1]
d <- read.delim(file.path(folder, "samples.tsv"))
out <- file(file.path(folder, "r.tsv"), "w")
row <- function(name, value) cat(sprintf("%s\t%.17g\n", name, value), file = out)
cat(sprintf("# R %s, pROC %s, Hmisc %s\n", getRversion(), packageVersion("pROC"), packageVersion("Hmisc")), file = out)

curve <- function(score) roc(d$case, score, direction = "<", levels = c(0, 1), quiet = TRUE)
a <- curve(d$s1); b <- curve(d$s2); c <- curve(d$r2)
for (name in c("s1", "s2", "r2")) {
  r <- list(s1 = a, s2 = b, r2 = c)[[name]]
  row(paste0("auc.", name), as.numeric(r$auc))
  row(paste0("auc_variance.", name), var(r, method = "delong"))
  ci <- ci.auc(r, method = "delong")
  row(paste0("auc_low.", name), ci[1])
  row(paste0("auc_high.", name), ci[3])
}
row("auc_covariance.s1.s2", cov(a, b, method = "delong"))
row("auc_p.s1.s2", roc.test(a, b, method = "delong", paired = TRUE)$p.value)
row("auc_p.s1.r2", roc.test(a, c, method = "delong", paired = TRUE)$p.value)

nri <- function(name, old, new) {
  x <- improveProb(old, new, d$case)
  row(paste0(name, ".net"), x$nri)
  row(paste0(name, ".net_se"), x$se.nri)
  row(paste0(name, ".cases"), x$nri.ev)
  row(paste0(name, ".cases_se"), x$se.nri.ev)
  row(paste0(name, ".controls"), x$nri.ne)
  row(paste0(name, ".controls_se"), x$se.nri.ne)
}
nri("nri", d$r1, d$r2)
category <- function(r) findInterval(r, c(0.1, 0.3)) / 2
nri("nri_categories", category(d$r1), category(d$r2))

# glm stops by the deviance, one step before the weights have settled: hence from its own coefficients again.
settled <- function(fit) {
  for (i in 1:3) fit <- update(fit, start = coef(fit))
  fit
}
f <- settled(glm(case ~ age + sex + s1, binomial, d, weights = weight))
row("glm.beta", coef(f)[["s1"]])
row("glm.se", sqrt(vcov(f)["s1", "s1"]))
g <- settled(glm(case ~ 1 + offset(qlogis(r1)), binomial, d))
row("citl.r1", coef(g)[[1]])
w <- rep(d$s1, d$weight)
for (p in c(0.1, 0.4, 0.6, 0.9)) row(sprintf("quantile.%g", p), quantile(w, p, names = FALSE))
close(out)
