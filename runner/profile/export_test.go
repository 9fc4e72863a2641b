package profile

// SortFloats is what sketches sort with.
func SortFloats(values []float64) { sortFloats(values, nil) }
