//! Which tiles each partition works through, as rows: the leaf of a pass is a table that any DataFusion can split by
//! partition, and the operators on top of it read their work from its single row.

use std::sync::{Arc, LazyLock};

use datafusion::{
    arrow::{
        array::{AsArray, ListArray, RecordBatch, UInt32Array},
        datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type},
    },
    datasource::memory::MemorySourceConfig,
    error::{DataFusionError, Result},
    physical_plan::ExecutionPlan,
};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let tile = Field::new_list_field(DataType::UInt32, false);
    Arc::new(Schema::new(vec![
        Field::new("partition", DataType::UInt32, false),
        Field::new("tiles", DataType::List(Arc::new(tile)), false),
    ]))
});

/// What one partition does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number in the pass, wherever and in whichever task it runs.
    pub partition: u32,
    /// Row groups by their index in the cohort.
    pub tiles: Vec<u32>,
}

impl Descriptor {
    /// A batch of one row.
    fn to_batch(&self) -> Result<RecordBatch> {
        let tile = Arc::new(Field::new_list_field(DataType::UInt32, false));
        let offsets = datafusion::arrow::buffer::OffsetBuffer::from_lengths([self.tiles.len()]);
        let values = Arc::new(UInt32Array::from(self.tiles.clone()));
        let tiles = ListArray::try_new(tile, offsets, values, None)?;
        let partition = UInt32Array::from(vec![self.partition]);
        Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), vec![Arc::new(partition), Arc::new(tiles)])?)
    }

    /// Reads every row of a batch.
    ///
    /// # Errors
    /// When it is not a batch of descriptors.
    pub fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>> {
        let wrong = || DataFusionError::Internal("a pass's leaf is a table of descriptors".into());
        let column = |name| batch.column_by_name(name).ok_or_else(wrong);
        let partitions = column("partition")?.as_primitive_opt::<UInt32Type>().ok_or_else(wrong)?;
        let tiles = column("tiles")?.as_list_opt::<i32>().ok_or_else(wrong)?;
        (0..batch.num_rows())
            .map(|row| {
                let tiles = tiles.value(row);
                let tiles = tiles.as_primitive_opt::<UInt32Type>().ok_or_else(wrong)?.values().to_vec();
                Ok(Self { partition: partitions.value(row), tiles })
            })
            .collect()
    }
}

/// A leaf with one partition per descriptor.
///
/// # Errors
/// None that Arrow would have with one row a partition.
pub fn descriptor_leaf(descriptors: &[Descriptor]) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = descriptors
        .iter()
        .map(|descriptor| Ok(vec![descriptor.to_batch()?]))
        .collect::<Result<Vec<Vec<RecordBatch>>>>()?;
    Ok(MemorySourceConfig::try_new_exec(&partitions, Arc::clone(&SCHEMA), None)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_come_back() -> Result<()> {
        for tiles in [vec![], vec![7], vec![3, 1, 4_000_000_000]] {
            let descriptor = Descriptor { partition: 5, tiles };
            assert_eq!(Descriptor::from_batch(&descriptor.to_batch()?)?, [descriptor]);
        }
        assert!(Descriptor::from_batch(&RecordBatch::new_empty(Arc::new(Schema::empty()))).is_err());
        Ok(())
    }
}
