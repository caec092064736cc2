use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use steppe_store::RowGroup;

use super::ScoreJob;
use crate::{
    Engine, EngineError, PassProgress,
    pass::{CountLane, ForwardOperand, MergedSums, PassContext, PassOperand, WeightLane},
    score::{
        Scores,
        frequency::Frequencies,
        lane_plan::{LanePlan, ScoreSurvey, on_threads},
        lanes::{self, Counted, Place, Term, WEIGHT_BYTES},
        segments::Spread,
    },
};

/// Bytes that one sample's sums of one score take while a pass runs: the partial and the merged sum, and the copy
/// that is being written.
const SUM_BYTES: u64 = 3 * size_of::<i64>() as u64;

impl ScoreJob {
    /// Runs the forward passes and hands each one's sums to `sink`, which gets the job's columns completed and is told
    /// of the last one.
    ///
    /// # Errors
    /// A tile that is corrupt or can not be read; a sink that fails.
    pub fn run(
        &mut self,
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
        sink: &mut dyn FnMut(&Self, Scores, bool) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let passes = self.passes();
        let pass_count = passes.len();
        for (index, scores) in passes.into_iter().enumerate() {
            let name = match pass_count {
                1 => "scoring".to_owned(),
                _ => format!("scoring, pass {} of {pass_count}", index + 1),
            };
            let sums = self.pass(scores, &name, engine, progress)?;
            sink(self, sums, index + 1 == pass_count)?;
        }
        Ok(())
    }

    /// The sums of some scores, over one segment of the variants after the other.
    fn pass(
        &mut self,
        scores: Vec<usize>,
        name: &str,
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
    ) -> Result<Scores, EngineError> {
        progress.stage("preparing weights", 0);
        let spread = self.spread(&scores);
        let segments = spread.segments((self.table_memory() / WEIGHT_BYTES).max(1));
        let plan = self.plan(&scores, &segments);
        let wanted = self.wanted_blocks();
        let genotypes = |group: &RowGroup| {
            let samples = self.cohort.blocks()[group.block as usize].samples;
            u64::from(group.rows) * u64::from(samples) * spread.reads(group, &segments)
        };
        let groups = self.cohort.row_groups().iter().filter(|group| wanted[group.block as usize]);
        let total = groups.map(genotypes).sum();
        let mut merged = MergedSums::default();
        for (index, segment) in segments.iter().enumerate() {
            let context = self.context(&plan, &scores, segment, Arc::clone(progress));
            if index == 0 {
                progress.stage(name, total);
            }
            let sums = engine.run(context, &|block| wanted[block as usize])?;
            sums.into_iter().for_each(|sums| merged.add(sums));
        }
        Ok(Scores { scores, count_lanes: plan.count_lanes, blocks: merged.into_keys().collect() })
    }

    /// Which sample blocks have a sample that is written out.
    fn wanted_blocks(&self) -> Vec<bool> {
        self.cohort
            .blocks()
            .iter()
            .map(|block| {
                let first = block.first_sample as usize;
                self.selection.kept[first..first + block.samples as usize].contains(&true)
            })
            .collect()
    }

    /// Splits the scores into passes whose sums fit into the memory limit beside the tables of a segment.
    fn passes(&self) -> Vec<Vec<usize>> {
        let cost = self.samples.len() as u64 * SUM_BYTES;
        let most = ((self.options.memory - self.table_memory()) / cost.max(1)).max(1);
        self.passing().chunks(usize::try_from(most).unwrap_or(usize::MAX)).map(<[usize]>::to_vec).collect()
    }

    /// The part of the memory limit for tables of weights.
    fn table_memory(&self) -> u64 {
        self.options.memory / 4
    }

    /// Where the weights of some scores lie.
    fn spread(&self, scores: &[usize]) -> Spread {
        let mut spread = Spread::over(&self.cohort);
        for column in scores.iter().map(|&score| &self.columns[score]) {
            let rows = self.files[column.file].matched_rows(column.column);
            spread.add(rows.map(|row| self.variants.number(row.variant as usize)));
        }
        spread
    }

    /// Finds out what lanes have in common and how finely weights can be quantised, and notes it in the columns.
    fn plan(&mut self, scores: &[usize], segments: &[Range<u32>]) -> LanePlan {
        let mut surveys: Vec<(usize, ScoreSurvey)> =
            scores.iter().map(|&score| (score, ScoreSurvey::default())).collect();
        for segment in segments {
            let places = self.places(scores, segment);
            on_threads(self.options.threads, &mut surveys, &|(score, survey)| {
                survey.add(self.terms(*score, &places), self.options.missing);
            });
        }
        let plan = LanePlan::new(surveys.into_iter().map(|(_, survey)| survey).collect());
        for (&score, planned) in scores.iter().zip(&plan.scores) {
            let column = &mut self.columns[score];
            column.scale = Some(planned.scale);
            column.variants = planned.variants;
            column.full_alleles = planned.full_alleles;
            column.missing_constants = [0; 3];
            column.counts = Some(planned.counts);
        }
        plan
    }

    /// The lanes of a segment as the context of a pass.
    fn context(
        &mut self,
        plan: &LanePlan,
        scores: &[usize],
        segment: &Range<u32>,
        progress: Arc<dyn PassProgress>,
    ) -> Arc<PassContext> {
        let (weights, counts) = self.lanes(plan, scores, segment);
        for (&score, lane) in scores.iter().zip(&weights) {
            let constants = &mut self.columns[score].missing_constants;
            constants.iter_mut().zip(lanes::missing_constants(lane)).for_each(|(sum, more)| *sum += more);
        }
        Arc::new(PassContext {
            cohort: self.cohort.clone(),
            operand: PassOperand::Forward(ForwardOperand::new(weights, counts)),
            masks: PassContext::masks_of(self.cohort.blocks(), &self.samples),
            level: self.options.level,
            progress,
        })
    }

    /// The lanes of a segment, prepared on all threads.
    fn lanes(
        &self,
        plan: &LanePlan,
        scores: &[usize],
        segment: &Range<u32>,
    ) -> (Vec<WeightLane>, Vec<CountLane>) {
        let threads = self.options.threads;
        let places = self.places(scores, segment);
        let mut counted: Vec<usize> = plan.counted().collect();
        let counts =
            on_threads(threads, &mut counted, &|number| Counted::of(self.terms(scores[*number], &places)));
        let counts: BTreeMap<usize, Counted> = counted.into_iter().zip(counts).collect();
        let mut numbers: Vec<usize> = (0..scores.len()).collect();
        let weights = on_threads(threads, &mut numbers, &|number| {
            let planned = &plan.scores[*number];
            let terms = self.terms(scores[*number], &places);
            lanes::weights(terms, planned, &counts[&planned.counts_as], self.options.missing)
        });
        let mut count_lanes = vec![CountLane::default(); plan.count_lanes];
        for (number, counted) in counts {
            let lanes = plan.scores[number].counts;
            count_lanes[lanes.diploid] = counted.diploid;
            if let Some(haploid) = lanes.haploid {
                count_lanes[haploid] = counted.haploid;
            }
        }
        (weights, count_lanes)
    }

    /// The places of a segment in every file that has one of the scores.
    fn places(&self, scores: &[usize], segment: &Range<u32>) -> BTreeMap<usize, Vec<Place>> {
        let frequencies = Frequencies::new(&self.variants, &self.frequencies);
        let files: BTreeSet<usize> = scores.iter().map(|&score| self.columns[score].file).collect();
        let of_file = |file| lanes::places(&self.files[file], segment, self.variants.as_ref(), &frequencies);
        files.into_iter().map(|file| (file, of_file(file))).collect()
    }

    /// The rows of a score at the places of a segment.
    fn terms<'a>(
        &'a self,
        score: usize,
        places: &'a BTreeMap<usize, Vec<Place>>,
    ) -> impl Iterator<Item = Term> + 'a {
        let column = &self.columns[score];
        lanes::terms(&self.files[column.file].source.file.rows, column.column, &places[&column.file])
    }
}
