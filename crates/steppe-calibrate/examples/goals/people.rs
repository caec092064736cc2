//! The table that `prepare.py` wrote, and draws from it.

use std::{collections::HashMap, error::Error, path::Path};

use nalgebra::{DMatrix, DVector};
use steppe_calibrate::adjust::{AdmixtureScore, CohortExpectation, SourceMoments};

/// Populations in the order of their indices; the last is the own cohort.
pub(crate) const POPULATIONS: [&str; 4] = ["EUR", "EAS", "AFR", "KAZ"];
/// The own cohort.
pub(crate) const KAZ: usize = 3;
/// Scores in the table.
pub(crate) const SCORES: [&str; 6] = ["QT_EUR", "QT_EAS", "QT_POOLED", "CC_EUR", "CC_EAS", "CC_POOLED"];
/// The first populations are sources.
const SOURCES: usize = 3;
/// Components in the table.
const COMPONENTS: usize = 10;

/// Everybody.
pub(crate) struct People {
    pub(crate) population: Vec<usize>,
    split: Vec<String>,
    columns: HashMap<String, Vec<f64>>,
    pcs: Vec<Vec<f64>>,
    sources: HashMap<String, SourceMoments>,
    /// Ones, then the sources' centres in the first two components.
    triangle: DMatrix<f64>,
}

impl People {
    pub(crate) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(folder.join("people.tsv"))?;
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().ok_or("no header")?.split('\t').collect();
        let mut cells: Vec<Vec<&str>> = vec![Vec::new(); header.len()];
        for line in lines {
            for (column, cell) in cells.iter_mut().zip(line.split('\t')) {
                column.push(cell);
            }
        }
        let mut named: HashMap<&str, Vec<&str>> = header.into_iter().zip(cells).collect();
        let mut take = |name: &str| named.remove(name).ok_or(format!("no column {name}"));
        let index =
            |name: &&str| POPULATIONS.iter().position(|known| known == name).ok_or("another population");
        let population = take("pop")?.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let split = take("split")?.iter().map(|&split| split.to_owned()).collect();
        take("IID")?;
        let numbers = |cells: Vec<&str>| -> Vec<f64> {
            cells.into_iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()
        };
        let by_component = (1..=COMPONENTS)
            .map(|k| Ok(numbers(take(&format!("PC{k}"))?)))
            .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        let pcs = (0..population.len()).map(|i| by_component.iter().map(|pc| pc[i]).collect()).collect();
        let columns = named.into_iter().map(|(name, cells)| (name.to_owned(), numbers(cells))).collect();
        let mut people =
            Self { population, split, columns, pcs, sources: HashMap::new(), triangle: DMatrix::zeros(0, 0) };
        people.triangle = people.centres();
        for score in SCORES {
            let moments = people.sources(&folder.join(format!("sources.{score}.tsv")), score)?;
            people.sources.insert(score.to_owned(), moments);
        }
        Ok(people)
    }

    /// Sums over a score's variants; inflation from the reference people's scores.
    fn sources(&self, path: &Path, score: &str) -> Result<SourceMoments, Box<dyn Error>> {
        let mut moments = SourceMoments::new(SOURCES);
        for line in std::fs::read_to_string(path)?.lines().skip(1) {
            let cells = line.split('\t').skip(1).map(str::parse).collect::<Result<Vec<f64>, _>>()?;
            moments.add(cells[0], &cells[1..=SOURCES], &[1000.0; SOURCES])?;
        }
        for source in 0..SOURCES {
            let (_, sd) = self::moments(&self.take(score, &self.of(&[source], &["ref"]))?);
            moments.measure_inflation(source, sd * sd)?;
        }
        Ok(moments)
    }

    fn centres(&self) -> DMatrix<f64> {
        let rows: Vec<Vec<usize>> = (0..SOURCES).map(|source| self.of(&[source], &["ref"])).collect();
        DMatrix::from_fn(3, SOURCES, |k, source| {
            let own = &rows[source];
            if k == 0 { 1.0 } else { own.iter().map(|i| self.pcs[*i][k - 1]).sum::<f64>() / own.len() as f64 }
        })
    }

    /// Proportions of EUR, EAS and AFR at a place: its coordinates in the triangle of their centres.
    pub(crate) fn proportions(&self, pc1: f64, pc2: f64) -> Result<Vec<f64>, Box<dyn Error>> {
        let at = self
            .triangle
            .clone()
            .lu()
            .solve(&DVector::from_vec(vec![1.0, pc1, pc2]))
            .ok_or("centres on a line")?;
        let positive: Vec<f64> = at.iter().map(|q| q.max(0.0)).collect();
        let total: f64 = positive.iter().sum();
        Ok(positive.iter().map(|q| q / total).collect())
    }

    /// What admixture expects of a cohort's scores, at its people's mean place.
    pub(crate) fn expected(&self, score: &str, rows: &[usize]) -> Result<CohortExpectation, Box<dyn Error>> {
        let mean = |k: usize| rows.iter().map(|i| self.pcs[*i][k]).sum::<f64>() / rows.len() as f64;
        let found = self.admixture(score, mean(0), mean(1), 0.0)?;
        Ok(CohortExpectation { mean: found.expected.value, sd: found.sd })
    }

    /// A score in relation to the admixture at a place.
    pub(crate) fn admixture(
        &self,
        score: &str,
        pc1: f64,
        pc2: f64,
        value: f64,
    ) -> Result<AdmixtureScore, Box<dyn Error>> {
        let moments = self.sources.get(score).ok_or("no moments of that score")?;
        Ok(moments.apply(value, &self.proportions(pc1, pc2)?, None)?)
    }

    /// People of some populations and splits.
    pub(crate) fn of(&self, populations: &[usize], splits: &[&str]) -> Vec<usize> {
        let wanted = |i: &usize| {
            populations.contains(&self.population[*i]) && splits.contains(&self.split[*i].as_str())
        };
        (0..self.population.len()).filter(wanted).collect()
    }

    pub(crate) fn take(&self, name: &str, rows: &[usize]) -> Result<Vec<f64>, String> {
        let column = self.columns.get(name).ok_or(format!("no column {name}"))?;
        Ok(rows.iter().map(|i| column[*i]).collect())
    }

    pub(crate) fn populations_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|i| self.population[*i]).collect()
    }

    pub(crate) fn pcs_of(&self, row: usize) -> &[f64] {
        &self.pcs[row]
    }

    pub(crate) fn pcs(&self, rows: &[usize]) -> DMatrix<f64> {
        DMatrix::from_fn(rows.len(), COMPONENTS, |row, column| self.pcs[rows[row]][column])
    }

    /// Distances between the populations' centres.
    pub(crate) fn distances(&self) -> DMatrix<f64> {
        let centre = |population: usize| -> Vec<f64> {
            let rows = self.of(&[population], &["ref"]);
            (0..COMPONENTS)
                .map(|k| rows.iter().map(|i| self.pcs[*i][k]).sum::<f64>() / rows.len() as f64)
                .collect()
        };
        let centres: Vec<Vec<f64>> = (0..POPULATIONS.len()).map(centre).collect();
        DMatrix::from_fn(POPULATIONS.len(), POPULATIONS.len(), |g, h| {
            steppe_calibrate::risk::genetic_distance(&centres[g], &centres[h])
        })
    }
}

/// `count` of some people, and the others; the same for the same seed.
pub(crate) fn draw(from: &[usize], count: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut state = seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5851_F42D_4C95_7F2D;
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let mut order = from.to_vec();
    for position in 0..count.min(order.len()) {
        let left = (order.len() - position) as u64;
        order.swap(position, position + (next() % left) as usize);
    }
    let others = order.split_off(count.min(order.len()));
    (order, others)
}

/// Mean and standard deviation.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
}
