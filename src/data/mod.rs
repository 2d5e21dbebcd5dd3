//! Files: npy and npz, model text.
