//! Where the nodes of a pool stand: in zones, there in blocks, there in racks.

use crate::table::Shape;

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) zone: String,
    pub(crate) block: String,
    pub(crate) rack: String,
}

/// How a pool is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) zones: u32,
    /// Nodes in a rack.
    pub(crate) rack: u32,
    /// Racks in a block.
    pub(crate) block: u32,
}

impl Layout {
    /// Nodes with GPUs stand close together, others in all zones.
    pub(crate) fn of(shape: &Shape) -> Self {
        match shape.gpu {
            Some(_) => Self { zones: 1, rack: 4, block: 8 },
            None => Self { zones: 3, rack: 16, block: 8 },
        }
    }

    /// The place of a node, by its number. Nodes go to the zones in turn; the names of blocks and
    /// racks are those of nothing else in the pool.
    pub(crate) fn place(self, pool: &str, shape: &Shape, number: u32) -> Place {
        let zone = number % self.zones.max(1);
        let within = number / self.zones.max(1);
        let rack = within / self.rack.max(1);
        let block = rack / self.block.max(1);
        let named = shape.zones.get(usize::try_from(zone).unwrap_or(0)).cloned();
        let zone_name = named.unwrap_or_else(|| format!("{}-{}", shape.region, zone + 1));
        let block_name = format!("{pool}-z{zone}-b{block}");
        Place {
            zone: zone_name,
            rack: format!("{block_name}-r{}", rack % self.block.max(1)),
            block: block_name,
        }
    }
}
