//! The tree over a block's coinbase and log records, and proofs that one of them is in it.
//!
//! Bitcoin's rule: each node is the SHA-256d of its two children; where a level has an odd count, its last node is
//! paired with itself. That makes two lists of leaves share a root only when one repeats leaves, so a block with
//! two equal leaves is invalid ([`has_duplicates`]; CVE-2012-2459).

use crate::hash::{MerkleNode, MerkleRoot, sha256d};
use borsh::{BorshDeserialize, BorshSerialize, io};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The node above `left` and `right`.
fn parent(left: MerkleNode, right: MerkleNode) -> MerkleNode {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(&left.to_bytes());
    pair[32..].copy_from_slice(&right.to_bytes());
    MerkleNode::from_bytes(sha256d(&pair))
}

/// Replaces a level of the tree by the one above it.
fn climb(level: &mut Vec<MerkleNode>) {
    let above = level.len().div_ceil(2);
    for index in 0..above {
        let left = level[2 * index];
        let right = level.get(2 * index + 1).copied().unwrap_or(left);
        level[index] = parent(left, right);
    }
    level.truncate(above);
}

/// The nodes beside the path from leaf `index` to the root, lowest first.
fn siblings(leaves: &[MerkleNode], mut index: usize) -> Vec<MerkleNode> {
    let mut level = leaves.to_vec();
    let mut siblings = Vec::new();
    while level.len() > 1 {
        siblings.push(level.get(index ^ 1).copied().unwrap_or(level[index]));
        climb(&mut level);
        index /= 2;
    }
    siblings
}

/// How many levels lie above so many leaves: the logarithm to base 2, rounded up.
fn depth(leaves: u32) -> usize {
    (u32::BITS - leaves.saturating_sub(1).leading_zeros()) as usize
}

/// The root over `leaves`. A block has at least its coinbase; without any leaf the root is all zeros, as in Bitcoin Core.
pub fn root(leaves: &[MerkleNode]) -> MerkleRoot {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        climb(&mut level);
    }
    level.first().map_or(MerkleRoot::default(), |root| MerkleRoot::from_bytes(root.to_bytes()))
}

/// Whether two of the leaves are equal, which no valid block has.
pub fn has_duplicates(leaves: &[MerkleNode]) -> bool {
    let mut sorted = leaves.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// The nodes beside the path from the coinbase (leaf 0) to the root, lowest first, as Stratum sends them.
/// They depend only on the other leaves.
pub fn coinbase_branch(leaves_without_coinbase: &[MerkleNode]) -> Vec<MerkleNode> {
    // Leaf 0 is never a sibling on its own path, so any value can stand in for it.
    let mut leaves = Vec::with_capacity(leaves_without_coinbase.len() + 1);
    leaves.push(MerkleNode::default());
    leaves.extend_from_slice(leaves_without_coinbase);
    siblings(&leaves, 0)
}

/// The root that a coinbase has with such a branch.
pub fn fold_branch(coinbase_leaf: MerkleNode, branch: &[MerkleNode]) -> MerkleRoot {
    MerkleRoot::from_bytes(branch.iter().fold(coinbase_leaf, |node, sibling| parent(node, *sibling)).to_bytes())
}

/// That a leaf stands at a certain place in a tree: the nodes beside its path to the root.
///
/// The place is always inside the tree and the count of nodes fits the tree's size; anything else is not a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "RawProof")]
pub struct Proof {
    /// Which leaf, counted from 0 (the coinbase).
    index: u32,
    /// How many leaves the tree has.
    leaves: u32,
    /// The nodes beside the path, lowest first.
    siblings: Vec<MerkleNode>,
}

/// Numbers that no proof can have.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("no proof of leaf {index} of {leaves} has {siblings} nodes")]
pub struct ProofError {
    index: u32,
    leaves: u32,
    siblings: usize,
}

/// A proof as it is written down, before its numbers are checked.
#[derive(Deserialize, BorshDeserialize)]
struct RawProof {
    index: u32,
    leaves: u32,
    siblings: Vec<MerkleNode>,
}

/// The proof of leaf `index`; `None` when there is no such leaf.
pub fn prove(leaves: &[MerkleNode], index: usize) -> Option<Proof> {
    leaves.get(index)?;
    Some(Proof {
        index: u32::try_from(index).ok()?,
        leaves: u32::try_from(leaves.len()).ok()?,
        siblings: siblings(leaves, index),
    })
}

impl Proof {
    /// Which leaf, counted from 0 (the coinbase).
    pub fn index(&self) -> u32 {
        self.index
    }

    /// How many leaves the tree is said to have. The root does not commit to it.
    pub fn leaves(&self) -> u32 {
        self.leaves
    }

    /// The nodes beside the path, lowest first.
    pub fn siblings(&self) -> &[MerkleNode] {
        &self.siblings
    }

    /// The root of a tree that has `leaf` at this place.
    pub fn root_of(&self, leaf: MerkleNode) -> MerkleRoot {
        let (node, _) = self.siblings.iter().fold((leaf, self.index), |(node, index), sibling| {
            let above = if index % 2 == 0 { parent(node, *sibling) } else { parent(*sibling, node) };
            (above, index / 2)
        });
        MerkleRoot::from_bytes(node.to_bytes())
    }

    /// Whether `leaf` stands at this place in the tree with this root.
    pub fn verify(&self, leaf: MerkleNode, root: MerkleRoot) -> bool {
        self.root_of(leaf) == root
    }
}

impl TryFrom<RawProof> for Proof {
    type Error = ProofError;

    fn try_from(raw: RawProof) -> Result<Self, ProofError> {
        let RawProof { index, leaves, siblings } = raw;
        if index < leaves && siblings.len() == depth(leaves) {
            Ok(Self { index, leaves, siblings })
        } else {
            Err(ProofError { index, leaves, siblings: siblings.len() })
        }
    }
}

impl BorshDeserialize for Proof {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::try_from(RawProof::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}
