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

/// The sums of one sample block, lane-major: `weights[lane * samples + sample]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSums {
    /// The block's index.
    pub block: u32,
    /// Fixed-point sums, per weight lane and sample.
    pub weights: Vec<i64>,
    /// Alleles that count toward the denominator, per count lane and sample.
    pub alleles: Vec<u32>,
    /// Effect-allele dosages, per count lane and sample.
    pub dosage: Vec<u32>,
}

/// The sums of all blocks, as partial sums come in.
#[derive(Debug, Default)]
pub struct MergedSums(BTreeMap<u32, BlockSums>);

impl MergedSums {
    /// Adds the sums of some variants; in whatever order, the result is the same.
    pub fn add(&mut self, sums: BlockSums) {
        match self.0.entry(sums.block) {
            Entry::Vacant(slot) => {
                slot.insert(sums);
            }
            Entry::Occupied(mut known) => known.get_mut().add(&sums),
        }
    }

    /// One set of sums a block, in block order.
    pub fn into_blocks(self) -> impl Iterator<Item = BlockSums> {
        self.0.into_values()
    }
}

impl BlockSums {
    /// The columns in which partial and merged sums travel; a batch has one row. The partition is the one that made
    /// the sums, 0 for merged ones.
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("partition", DataType::UInt32, false),
            Field::new("block", DataType::UInt32, false),
            Field::new("weights", DataType::LargeBinary, false),
            Field::new("alleles", DataType::LargeBinary, false),
            Field::new("dosage", DataType::LargeBinary, false),
        ]))
    }

    /// Adds the sums of the same block over other variants. Addition of integers: order does not matter.
    pub fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.weights.len(), other.weights.len(), "same lanes");
        self.weights.iter_mut().zip(&other.weights).for_each(|(sum, &more)| *sum += more);
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
            Arc::new(UInt32Array::from(vec![self.block])),
            one_binary(Buffer::from_vec(self.weights))?,
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
            Ok([partition, block, weights, alleles, dosage]) if rows == 1 => {
                let sums = Self {
                    block: typed::<UInt32Array>(block.as_ref())?.value(0),
                    weights: integers(weights)?,
                    alleles: integers(alleles)?,
                    dosage: integers(dosage)?,
                };
                Ok((typed::<UInt32Array>(partition.as_ref())?.value(0), sums))
            }
            _ => Err(DataFusionError::Internal("forward sums: a batch is one row of five columns".into())),
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
        .ok_or_else(|| DataFusionError::Internal("forward sums: a column has another type".into()))
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
        let sums = BlockSums { block: 3, weights: vec![-5, 7], alleles: vec![2, 4], dosage: vec![1, 0] };
        let batch = sums.clone().into_batch(6)?;
        // A batch that somebody else holds too is copied.
        assert_eq!(BlockSums::from_batch(batch.clone())?, (6, sums.clone()));
        let (_, mut doubled) = BlockSums::from_batch(batch)?;
        doubled.add(&sums);
        assert_eq!(doubled.weights, [-10, 14]);
        assert_eq!((doubled.alleles, doubled.dosage), (vec![4, 8], vec![2, 0]));
        Ok(())
    }
}
