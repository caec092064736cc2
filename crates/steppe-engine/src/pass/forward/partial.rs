use std::sync::Arc;

use datafusion::arrow::{
    array::{Array, ArrayRef, LargeBinaryArray, RecordBatch, UInt32Array},
    buffer::{Buffer, OffsetBuffer},
    datatypes::{DataType, Field, Schema, SchemaRef},
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

impl BlockSums {
    /// The columns in which partial and merged sums travel.
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("block", DataType::UInt32, false),
            Field::new("weights", DataType::LargeBinary, false),
            Field::new("alleles", DataType::LargeBinary, false),
            Field::new("dosage", DataType::LargeBinary, false),
        ]))
    }

    /// Adds the sums of the same block over other variants. Addition of integers: order does not matter.
    pub fn add(&mut self, other: &BatchSums<'_>) {
        debug_assert_eq!(self.weights.len(), other.weights.len(), "same lanes");
        self.weights.iter_mut().zip(other.weights).for_each(|(sum, &more)| *sum += more);
        self.alleles.iter_mut().zip(other.alleles).for_each(|(sum, &more)| *sum += more);
        self.dosage.iter_mut().zip(other.dosage).for_each(|(sum, &more)| *sum += more);
    }

    /// Takes the single row of a merged batch.
    ///
    /// # Errors
    /// When the batch is not one row of [`Self::schema`].
    pub fn from_batch(batch: RecordBatch) -> Result<Self> {
        let mut rows = BatchSums::rows(&batch)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row.to_sums()),
            _ => Err(DataFusionError::Internal("forward sums: a merged batch has one row".into())),
        }
    }

    /// One row of [`Self::schema`]; the sums are moved, not copied.
    pub fn into_batch(self) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(vec![self.block])),
            one_binary(Buffer::from_vec(self.weights))?,
            one_binary(Buffer::from_vec(self.alleles))?,
            one_binary(Buffer::from_vec(self.dosage))?,
        ];
        Ok(RecordBatch::try_new(Self::schema(), columns)?)
    }
}

fn one_binary(bytes: Buffer) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::<i64>::from_lengths([bytes.len()]);
    Ok(Arc::new(LargeBinaryArray::try_new(offsets, bytes, None)?))
}

/// A row of [`BlockSums::schema`], read in place.
#[derive(Debug)]
pub struct BatchSums<'a> {
    /// The block's index.
    pub block: u32,
    weights: &'a [i64],
    alleles: &'a [u32],
    dosage: &'a [u32],
}

impl<'a> BatchSums<'a> {
    /// The rows of a batch.
    pub fn rows(batch: &'a RecordBatch) -> Result<Vec<Self>> {
        let blocks = column::<UInt32Array>(batch, 0)?;
        let (weights, alleles, dosage) = (
            column::<LargeBinaryArray>(batch, 1)?,
            column::<LargeBinaryArray>(batch, 2)?,
            column::<LargeBinaryArray>(batch, 3)?,
        );
        (0..batch.num_rows())
            .map(|row| {
                Ok(Self {
                    block: blocks.value(row),
                    weights: integers(weights, row)?,
                    alleles: integers(alleles, row)?,
                    dosage: integers(dosage, row)?,
                })
            })
            .collect()
    }

    /// Copies the row out.
    pub fn to_sums(&self) -> BlockSums {
        BlockSums {
            block: self.block,
            weights: self.weights.to_vec(),
            alleles: self.alleles.to_vec(),
            dosage: self.dosage.to_vec(),
        }
    }
}

fn column<A: Array + 'static>(batch: &RecordBatch, index: usize) -> Result<&A> {
    batch
        .column(index)
        .as_any()
        .downcast_ref::<A>()
        .ok_or_else(|| DataFusionError::Internal(format!("forward sums: column {index} has another type")))
}

/// Integers of one binary value: the value's bytes within the array's buffer, which is aligned for its own type
/// when the row is the only one, as ours are.
fn integers<T: datafusion::arrow::datatypes::ArrowNativeType>(
    array: &LargeBinaryArray,
    row: usize,
) -> Result<&[T]> {
    let offsets = array.value_offsets();
    let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
    let width = size_of::<T>();
    let all = array.values();
    if !from.is_multiple_of(width) || !to.is_multiple_of(width) || all.as_ptr().align_offset(width) != 0 {
        return Err(DataFusionError::Internal("forward sums: a value is not aligned".into()));
    }
    // `typed_data` checks alignment and length of the whole buffer; ours hold whole integers.
    Ok(&all.typed_data::<T>()[from / width..to / width])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_travel_and_add() -> Result<()> {
        let sums = BlockSums { block: 3, weights: vec![-5, 7], alleles: vec![2, 4], dosage: vec![1, 0] };
        let batch = sums.clone().into_batch()?;
        let rows = BatchSums::rows(&batch)?;
        let mut doubled = rows[0].to_sums();
        assert_eq!(doubled, sums);
        doubled.add(&rows[0]);
        assert_eq!(doubled.weights, [-10, 14]);
        assert_eq!((doubled.alleles, doubled.dosage), (vec![4, 8], vec![2, 0]));
        Ok(())
    }
}
