//! The front doors, one file each.
