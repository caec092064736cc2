//! Cox's partial likelihood with Breslow's ties.

use super::Loss;

/// L(η) = Σ over event times t of D_t log Σ_{j at risk at t} w_j e^{η_j} − Σ over events of w_i η_i, where D_t is the
/// weight of the events at t and samples with time ≥ t are at risk.
#[derive(Debug)]
pub(crate) struct Cox {
    weights: Vec<f64>,
    event: Vec<bool>,
    /// Samples of weight above 0, by falling time, a slice per distinct time.
    groups: Vec<Vec<usize>>,
    /// D_t of each group.
    deaths: Vec<f64>,
}

/// Sums over those at risk at one time, relative to e^max.
struct Risk {
    sum: f64,
    log_sum: f64,
}

impl Cox {
    /// `weights` sum to 1; `time` is finite where they are not 0.
    pub(crate) fn new(time: &[f64], event: &[bool], weights: Vec<f64>) -> Self {
        let mut order: Vec<usize> = (0..weights.len()).filter(|sample| weights[*sample] > 0.0).collect();
        order.sort_by(|a, b| time[*b].total_cmp(&time[*a]).then(a.cmp(b)));
        let groups: Vec<Vec<usize>> =
            order.chunk_by(|a, b| time[*a] == time[*b]).map(<[usize]>::to_vec).collect();
        let deaths = groups
            .iter()
            .map(|group| group.iter().filter(|sample| event[**sample]).map(|sample| weights[*sample]).sum())
            .collect();
        Self { weights, event: event.to_vec(), groups, deaths }
    }

    fn shift(&self, eta: &[f64]) -> f64 {
        self.groups.iter().flatten().map(|sample| eta[*sample]).fold(f64::NEG_INFINITY, f64::max)
    }

    fn risks(&self, eta: &[f64], shift: f64) -> Vec<Risk> {
        let mut sum = 0.0;
        self.groups
            .iter()
            .map(|group| {
                for sample in group {
                    sum += self.weights[*sample] * (eta[*sample] - shift).exp();
                }
                Risk { sum, log_sum: sum.ln() + shift }
            })
            .collect()
    }

    /// Calls `visit(sample, w e^η, Σ_{t ≤ its time} D_t / S_t)`, earliest time first.
    fn hazards(&self, eta: &[f64], risks: &[Risk], shift: f64, mut visit: impl FnMut(usize, f64, f64)) {
        let mut hazard = 0.0;
        for ((group, deaths), risk) in self.groups.iter().zip(&self.deaths).zip(risks).rev() {
            if *deaths > 0.0 {
                hazard += deaths / risk.sum;
            }
            for sample in group {
                visit(*sample, self.weights[*sample] * (eta[*sample] - shift).exp(), hazard);
            }
        }
    }
}

impl Loss for Cox {
    fn residual(&self, eta: &[f64], v: &mut [f64]) -> f64 {
        let shift = self.shift(eta);
        let risks = self.risks(eta, shift);
        v.fill(0.0);
        let mut loss = 0.0;
        for (deaths, risk) in self.deaths.iter().zip(&risks).filter(|(deaths, _)| **deaths > 0.0) {
            loss += deaths * risk.log_sum;
        }
        self.hazards(eta, &risks, shift, |sample, weight, hazard| {
            v[sample] = -weight * hazard;
            if self.event[sample] {
                v[sample] += self.weights[sample];
                loss -= self.weights[sample] * eta[sample];
            }
        });
        loss
    }

    /// w e^η Σ D/S: the Hessian without its negative rank-one terms, so an upper bound of it. A constant shift of η does
    /// not change the loss, so the bound holds for columns centred in any way.
    fn curvature(&self, eta: &[f64], w: &mut [f64]) {
        let shift = self.shift(eta);
        let risks = self.risks(eta, shift);
        w.fill(0.0);
        self.hazards(eta, &risks, shift, |sample, weight, hazard| w[sample] = weight * hazard);
    }

    /// Each event time's log-sum-exp has the relative entropy of a distribution over those at risk as its conjugate. At
    /// c·v that distribution is c times the one at η plus (1 − c) times the events' own weights.
    fn dual(&self, eta: &[f64], _v: &[f64], c: f64) -> f64 {
        let shift = self.shift(eta);
        let mut dual = 0.0;
        let (mut sum, mut moment) = (0.0, 0.0);
        for (group, deaths) in self.groups.iter().zip(&self.deaths) {
            for sample in group {
                let weight = self.weights[*sample] * (eta[*sample] - shift).exp();
                sum += weight;
                moment += weight * eta[*sample];
            }
            if *deaths == 0.0 {
                continue;
            }
            let log_sum = f64::ln(sum) + shift;
            let term = |p: f64, weight: f64| if p > 0.0 { p * (p / weight).ln() } else { 0.0 };
            let mut entropy = if c > 0.0 { c * (c.ln() + moment / sum - log_sum) } else { 0.0 };
            for sample in group.iter().filter(|sample| self.event[**sample]) {
                let weight = self.weights[*sample];
                let p = weight * (eta[*sample] - log_sum).exp();
                entropy += term(c * p + (1.0 - c) * weight / deaths, weight) - term(c * p, weight);
            }
            dual -= deaths * entropy;
        }
        dual
    }

    fn saturated(&self) -> f64 {
        self.deaths.iter().filter(|deaths| **deaths > 0.0).map(|deaths| deaths * deaths.ln()).sum()
    }

    fn quadratic(&self) -> Option<&[f64]> {
        None
    }
}
