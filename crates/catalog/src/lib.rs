//! What is known about common container images, as one readable table
