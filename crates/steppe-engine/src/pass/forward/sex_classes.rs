use steppe_genome::Sex;

/// The groups of samples that differ in ploidy on X and Y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SexClass {
    /// Females.
    Female,
    /// Males.
    Male,
    /// Samples of unknown sex.
    Unknown,
}

/// The classes in the order in which per-class arrays hold them.
pub const SEX_CLASSES: [SexClass; 3] = [SexClass::Female, SexClass::Male, SexClass::Unknown];

impl SexClass {
    /// The class of a sample.
    pub fn of(sex: Sex) -> Self {
        match sex {
            Sex::Female => Self::Female,
            Sex::Male => Self::Male,
            Sex::Unknown => Self::Unknown,
        }
    }

    /// The index in [`SEX_CLASSES`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Packed 2-bit masks of one sample block, and who is in which class.
#[derive(Debug, Clone)]
pub struct BlockMasks {
    /// Per class: 0b11 for each sample that is *not* in it, `None` for a class without samples here.
    others: [Option<Vec<u8>>; 3],
    /// The class of every sample of the block.
    classes: Vec<SexClass>,
}

impl BlockMasks {
    /// The masks of a block of samples.
    pub fn new(sexes: &[Sex]) -> Self {
        let classes: Vec<SexClass> = sexes.iter().map(|&sex| SexClass::of(sex)).collect();
        let others = SEX_CLASSES.map(|class| {
            classes.contains(&class).then(|| {
                let mut mask = vec![0u8; classes.len().div_ceil(4)];
                for (sample, _) in classes.iter().enumerate().filter(|&(_, &other)| other != class) {
                    mask[sample / 4] |= 0b11 << (2 * (sample % 4));
                }
                mask
            })
        });
        Self { others, classes }
    }

    /// Writes `row` with every sample outside `class` set to missing; `None` when nobody here is in it.
    pub fn only(&self, class: SexClass, row: &[u8], into: &mut [u8]) -> Option<()> {
        let mask = self.others[class.index()].as_ref()?;
        for ((out, &codes), &others) in into.iter_mut().zip(row).zip(mask) {
            *out = codes | others;
        }
        Some(())
    }

    /// Whether anybody here is in a class.
    pub fn has(&self, class: SexClass) -> bool {
        self.others[class.index()].is_some()
    }

    /// The class of every sample.
    pub fn classes(&self) -> &[SexClass] {
        &self.classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_become_missing() {
        let masks = BlockMasks::new(&[Sex::Male, Sex::Female, Sex::Male, Sex::Male, Sex::Female]);
        let mut row = [0u8; 2];
        assert!(masks.only(SexClass::Male, &[0b01_10_00_01, 0b10], &mut row).is_some());
        assert_eq!(row, [0b01_10_11_01, 0b11]);
        assert!(masks.only(SexClass::Unknown, &[0, 0], &mut row).is_none());
    }
}
