//! The dependency graph of some plugins. petgraph stays inside this module and `cycle`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use petgraph::graph::{DiGraph, NodeIndex};

/// A plugin as far as its order is concerned; borrowed from whoever describes it.
pub(crate) struct Node<'a> {
    pub(crate) alias: &'a str,
    pub(crate) position: u32,
    /// `(slot, connection)`, in the plugin's own order.
    pub(crate) requires: Vec<(&'a str, &'a str)>,
    pub(crate) generates: Vec<&'a str>,
}

/// Nodes and their edges, from the generator to what requires it.
pub(crate) struct Graph<'a> {
    pub(crate) nodes: &'a [Node<'a>],
    pub(crate) edges: DiGraph<usize, &'a str>,
    generators: HashMap<&'a str, usize>,
}

impl<'a> Graph<'a> {
    /// Edges by equal connection names. Of two generators of one connection the first in the file
    /// counts; the others come back, as `(connection, first, other)`.
    pub(crate) fn new(nodes: &'a [Node<'a>]) -> (Self, Vec<(&'a str, usize, usize)>) {
        let mut generators: HashMap<&str, usize> = HashMap::new();
        let mut rivals = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            for connection in &node.generates {
                let first = *generators.entry(connection).or_insert(index);
                if first != index {
                    rivals.push((*connection, first, index));
                }
            }
        }
        let mut edges = DiGraph::with_capacity(nodes.len(), nodes.len());
        for index in 0..nodes.len() {
            edges.add_node(index);
        }
        for (index, node) in nodes.iter().enumerate() {
            for (_, connection) in &node.requires {
                if let Some(generator) = generators.get(connection) {
                    edges.add_edge(
                        NodeIndex::new(*generator),
                        NodeIndex::new(index),
                        *connection,
                    );
                }
            }
        }
        let graph = Self {
            nodes,
            edges,
            generators,
        };
        (graph, rivals)
    }

    /// Who generates `connection` among these nodes.
    pub(crate) fn generator(&self, connection: &str) -> Option<&'a Node<'a>> {
        self.generators
            .get(connection)
            .map(|index| &self.nodes[*index])
    }

    /// The nodes' indices such that generators come before what requires them and, of all whose
    /// requirements are met, the one with the lowest position goes next. Shorter than the nodes when
    /// there is a circle.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self
            .edges
            .node_indices()
            .map(|node| {
                self.edges
                    .neighbors_directed(node, petgraph::Direction::Incoming)
                    .count()
            })
            .collect();
        // The index breaks ties between equal positions, so the order is total.
        let entry = |index: usize| Reverse((self.nodes[index].position, index));
        let mut ready: BinaryHeap<_> = (0..self.nodes.len())
            .filter(|index| missing[*index] == 0)
            .map(entry)
            .collect();
        let mut sorted = Vec::with_capacity(self.nodes.len());
        while let Some(Reverse((_, index))) = ready.pop() {
            sorted.push(index);
            for next in self.edges.neighbors(NodeIndex::new(index)) {
                missing[next.index()] -= 1;
                if missing[next.index()] == 0 {
                    ready.push(entry(next.index()));
                }
            }
        }
        sorted
    }
}
