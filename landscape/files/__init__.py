"""Records to files and back, all or nothing and read with suspicion: the only home of h5py. No torch."""
