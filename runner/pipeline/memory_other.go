//go:build !linux

package pipeline

// PeakRSS returns the largest resident memory that this process had, in bytes;
// 0 where this program does not know how to ask the system.
func PeakRSS() int64 { return 0 }
