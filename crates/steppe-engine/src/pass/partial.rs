use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use datafusion::arrow::{
    array::{Array, ArrayRef, LargeBinaryArray, RecordBatch, UInt32Array},
    buffer::{Buffer, OffsetBuffer},
    datatypes::{ArrowNativeType, DataType, Field, Schema, SchemaRef},
};
use datafusion::error::{DataFusionError, Result};

/// Sums that some tiles have given.
///
/// Of a forward pass the sums of one sample block, lane-major: `sums[lane * samples + sample]`. Of a pass by variants the
/// sums of a run of them, variant-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialSums {
    /// The sample block's index, or the first variant of the run.
    pub key: u32,
    /// Fixed-point sums.
    pub sums: Vec<i64>,
    /// Of a forward pass: alleles that count toward the denominator, per count lane and sample.
    pub alleles: Vec<u32>,
    /// Of a forward pass: effect-allele dosages, per count lane and sample.
    pub dosage: Vec<u32>,
}

/// The sums of all keys, as partial sums come in.
#[derive(Debug, Default)]
pub struct MergedSums(BTreeMap<u32, PartialSums>);

impl MergedSums {
    /// Adds the sums of some tiles; in whatever order, the result is the same.
    pub fn add(&mut self, sums: PartialSums) {
        match self.0.entry(sums.key) {
            Entry::Vacant(slot) => {
                slot.insert(sums);
            }
            Entry::Occupied(mut known) => known.get_mut().add(&sums),
        }
    }

    /// One set of sums a key, in their order.
    pub fn into_keys(self) -> impl Iterator<Item = PartialSums> {
        self.0.into_values()
    }
}

impl PartialSums {
    /// The columns in which partial and merged sums travel; a batch has one row. The partition is the one that made
    /// the sums, 0 for merged ones.
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("partition", DataType::UInt32, false),
            Field::new("key", DataType::UInt32, false),
            Field::new("sums", DataType::LargeBinary, false),
            Field::new("alleles", DataType::LargeBinary, false),
            Field::new("dosage", DataType::LargeBinary, false),
        ]))
    }

    /// Adds sums of the same key over other tiles. Addition of integers: order does not matter.
    pub fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.sums.len(), other.sums.len(), "same lanes");
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, &more)| *sum += more);
        self.alleles.iter_mut().zip(&other.alleles).for_each(|(sum, &more)| *sum += more);
        self.dosage.iter_mut().zip(&other.dosage).for_each(|(sum, &more)| *sum += more);
    }

    /// A partition's sums as a batch; they are moved, not copied.
    ///
    /// # Errors
    /// None that Arrow would have with one row.
    pub fn into_batch(self, partition: u32) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(vec![partition])),
            Arc::new(UInt32Array::from(vec![self.key])),
            one_binary(Buffer::from_vec(self.sums))?,
            one_binary(Buffer::from_vec(self.alleles))?,
            one_binary(Buffer::from_vec(self.dosage))?,
        ];
        Ok(RecordBatch::try_new(Self::schema(), columns)?)
    }

    /// Takes the partition and its sums out of a batch; they are moved where nobody else holds it.
    ///
    /// # Errors
    /// When the batch is not one row of [`Self::schema`].
    pub fn from_batch(batch: RecordBatch) -> Result<(u32, Self)> {
        let (_, columns, rows) = batch.into_parts();
        match <[ArrayRef; 5]>::try_from(columns) {
            Ok([partition, key, sums, alleles, dosage]) if rows == 1 => {
                let sums = Self {
                    key: typed::<UInt32Array>(key.as_ref())?.value(0),
                    sums: integers(sums)?,
                    alleles: integers(alleles)?,
                    dosage: integers(dosage)?,
                };
                Ok((typed::<UInt32Array>(partition.as_ref())?.value(0), sums))
            }
            _ => Err(DataFusionError::Internal("partial sums: a batch is one row of five columns".into())),
        }
    }
}

fn one_binary(bytes: Buffer) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::<i64>::from_lengths([bytes.len()]);
    Ok(Arc::new(LargeBinaryArray::try_new(offsets, bytes, None)?))
}

fn typed<A: Array + 'static>(column: &dyn Array) -> Result<&A> {
    column
        .as_any()
        .downcast_ref::<A>()
        .ok_or_else(|| DataFusionError::Internal("partial sums: a column has another type".into()))
}

/// The integers of a binary column's single value.
fn integers<T: ArrowNativeType>(column: ArrayRef) -> Result<Vec<T>> {
    let array = typed::<LargeBinaryArray>(column.as_ref())?.clone();
    drop(column);
    let (_, bytes, _) = array.into_parts();
    Ok(bytes.into_vec::<T>().unwrap_or_else(|shared| shared.typed_data::<T>().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_travel_and_add() -> Result<()> {
        let sums = PartialSums { key: 3, sums: vec![-5, 7], alleles: vec![2, 4], dosage: vec![1, 0] };
        let batch = sums.clone().into_batch(6)?;
        // A batch that somebody else holds too is copied.
        assert_eq!(PartialSums::from_batch(batch.clone())?, (6, sums.clone()));
        let (_, mut doubled) = PartialSums::from_batch(batch)?;
        doubled.add(&sums);
        assert_eq!(doubled.sums, [-10, 14]);
        assert_eq!((doubled.alleles, doubled.dosage), (vec![4, 8], vec![2, 0]));
        Ok(())
    }
}
