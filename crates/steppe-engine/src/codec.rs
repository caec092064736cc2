//! Our operators on the wire. What is not ours goes to another codec: on a cluster to Ballista's, whose shuffle operators
//! are in the same plan.

use std::sync::Arc;

use datafusion::{
    error::{DataFusionError, Result},
    execution::TaskContext,
    physical_plan::ExecutionPlan,
};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use prost::Message;

use crate::{
    EngineError,
    pass::{Partials, PassCommitExec, PassScanExec, PassSpec, PassWork},
};

/// Generated from `proto/steppe/plan/v1`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
mod wire {
    include!(concat!(env!("OUT_DIR"), "/steppe.plan.v1.rs"));
}

use wire::operator::Operator as Kind;

/// Starts an operator of ours; other codecs' messages start with a protobuf tag, which is no letter.
const MARK: &[u8] = b"steppe1\0";

/// Encodes our operators, and leaves the others to `others`.
#[derive(Debug)]
pub struct PassCodec {
    others: Arc<dyn PhysicalExtensionCodec>,
}

impl PassCodec {
    /// A codec on top of another.
    pub fn new(others: Arc<dyn PhysicalExtensionCodec>) -> Self {
        Self { others }
    }
}

impl PhysicalExtensionCodec for PassCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(ours) = buf.strip_prefix(MARK) else {
            return self.others.try_decode(buf, inputs, ctx, converter);
        };
        let operator = wire::Operator::decode(ours)
            .map_err(|_| DataFusionError::Internal("an operator of another version of steppe".into()))?;
        let [input] = inputs else {
            return Err(DataFusionError::Internal("a pass's operator has one input".into()));
        };
        let input = Arc::clone(input);
        match operator.operator {
            Some(Kind::ForwardScan(scan)) => {
                let spec = PassSpec {
                    cohort: scan.cohort,
                    cohort_digest: scan.cohort_digest,
                    operand: scan.operand,
                    operand_blake3: scan.operand_blake3,
                };
                Ok(Arc::new(PassScanExec::new(PassWork::Named(spec), input)))
            }
            Some(Kind::ForwardCommit(commit)) => {
                let partials = Partials::named(&commit.folder, &commit.pass)?;
                Ok(Arc::new(PassCommitExec::new(input, partials)))
            }
            None => Err(DataFusionError::Internal("an operator of another version of steppe".into())),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let kind = if let Some(scan) = node.downcast_ref::<PassScanExec>() {
            Kind::ForwardScan(encode_scan(scan)?)
        } else if let Some(commit) = node.downcast_ref::<PassCommitExec>() {
            let partials = commit.partials();
            Kind::ForwardCommit(wire::ForwardCommit {
                folder: partials.folder(),
                pass: partials.pass().to_vec(),
            })
        } else {
            return self.others.try_encode(node, buf, converter);
        };
        buf.extend_from_slice(MARK);
        wire::Operator { operator: Some(kind) }
            .encode(buf)
            .map_err(|_| DataFusionError::Internal("no room for an operator".into()))
    }
}

fn encode_scan(scan: &PassScanExec) -> Result<wire::ForwardScan> {
    match scan.work() {
        PassWork::Named(spec) => {
            let PassSpec { cohort, cohort_digest, operand, operand_blake3 } = spec.clone();
            Ok(wire::ForwardScan { cohort, cohort_digest, operand, operand_blake3 })
        }
        PassWork::Here(_) => Err(EngineError::Internal("a pass of this process can not leave it").into()),
    }
}
