//! What machines have: cloud instance types and boxes with GPUs, as one readable table.
//!
//! The figures lie in `data/*.toml`, each entry with the place where it is published. [`shape`]
//! finds a machine by its name; a [`Pool`] is a number of them, and says what the node objects of
//! a cluster would say: labels, capacity, and what of it pods may use.
//!
//! ```
//! let pool = shapes::Pool::new("gpu", 2, shapes::shape("h100").unwrap()).unwrap();
//! let node = pool.nodes().next().unwrap();
//! assert_eq!(node.name, "gpu-0");
//! assert_eq!(node.capacity["nvidia.com/gpu"], "8");
//! assert_eq!(node.labels["nvidia.com/gpu.product"], "NVIDIA-H100-80GB-HBM3");
//! ```

mod own;
mod place;
mod pool;
mod reserve;
mod table;

pub use own::Taint;
pub use pool::{BadPool, MOST, Node, Pool};
pub use reserve::Amounts;
pub use table::{Gpu, Provider, Shape, shape, shapes, standard};
