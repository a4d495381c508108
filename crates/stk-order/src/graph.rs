//! The dependency graph of some plugins. petgraph stays inside this module and `cycle`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

/// A plugin as far as its order is concerned; borrowed from whoever describes it.
pub(crate) struct Node<'a> {
    pub(crate) alias: &'a str,
    /// `(slot, connection)`, in the plugin's own order.
    pub(crate) requires: Vec<(&'a str, &'a str)>,
    pub(crate) generates: Vec<&'a str>,
}

/// A connection that is generated once more.
pub(crate) struct Rival<'a> {
    pub(crate) connection: &'a str,
    /// The generator that stands first in the file.
    pub(crate) first: usize,
    /// The other one; the same again when one plugin fills two of its slots with one connection.
    pub(crate) other: usize,
}

/// From whom a requirer has an edge when a connection has several generators.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Rivals {
    /// From the first alone. For what is refused anyway: it keeps the edges few.
    First,
    /// From all. For what is deployed: nobody remembers whose values the requirer read.
    All,
}

/// Nodes in the order of the file, and their edges from the generator to what requires it.
pub(crate) struct Graph<'a> {
    pub(crate) nodes: &'a [Node<'a>],
    pub(crate) edges: DiGraph<(), &'a str>,
    pub(crate) rivals: Vec<Rival<'a>>,
    generators: HashMap<&'a str, usize>,
}

impl<'a> Graph<'a> {
    /// Edges by equal connection names. `nodes` stand in the order of the file: their index is what
    /// decides between them.
    pub(crate) fn new(nodes: &'a [Node<'a>], between: Rivals) -> Self {
        let mut generators: HashMap<&str, usize> = HashMap::with_capacity(nodes.len());
        let mut rivals = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            for connection in &node.generates {
                match generators.get(connection) {
                    Some(first) => rivals.push(Rival {
                        connection,
                        first: *first,
                        other: index,
                    }),
                    None => {
                        generators.insert(connection, index);
                    }
                }
            }
        }
        let mut edges = DiGraph::with_capacity(nodes.len(), nodes.len());
        for _ in nodes {
            edges.add_node(());
        }
        for (index, node) in nodes.iter().enumerate() {
            for (_, connection) in &node.requires {
                let Some(first) = generators.get(connection) else {
                    continue;
                };
                let others = rivals
                    .iter()
                    .filter(|rival| between == Rivals::All && rival.connection == *connection)
                    .map(|rival| rival.other);
                for generator in std::iter::once(*first).chain(others) {
                    edges.add_edge(
                        NodeIndex::new(generator),
                        NodeIndex::new(index),
                        *connection,
                    );
                }
            }
        }
        Self {
            nodes,
            edges,
            rivals,
            generators,
        }
    }

    /// Who generates `connection` among these nodes; of several the one that stands first.
    pub(crate) fn generator(&self, connection: &str) -> Option<&'a Node<'a>> {
        self.generators
            .get(connection)
            .map(|index| &self.nodes[*index])
    }

    /// The nodes' indices such that generators come before what requires them and, of all whose
    /// requirements are met, the lowest goes next. Shorter than the nodes when there is a circle.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self
            .edges
            .node_indices()
            .map(|node| self.edges.edges_directed(node, Direction::Incoming).count())
            .collect();
        let mut ready: BinaryHeap<_> = (0..self.nodes.len())
            .filter(|index| missing[*index] == 0)
            .map(Reverse)
            .collect();
        let mut sorted = Vec::with_capacity(self.nodes.len());
        while let Some(Reverse(index)) = ready.pop() {
            sorted.push(index);
            for next in self.edges.neighbors(NodeIndex::new(index)) {
                missing[next.index()] -= 1;
                if missing[next.index()] == 0 {
                    ready.push(Reverse(next.index()));
                }
            }
        }
        sorted
    }
}
