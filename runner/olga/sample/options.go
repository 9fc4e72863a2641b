package sample

import (
	"fmt"
	"math"
)

// Layout says where a case's files are.
type Layout string

// The layouts.
const (
	Beside    Layout = "beside"     // the trend file beside the keyword file
	TPLFolder Layout = "tpl_folder" // the trend file in a folder TPL beside the keyword file
)

// Layouts are all of them.
func Layouts() []string { return []string{string(Beside), string(TPLFolder)} }

// What may be asked for.
const (
	MaxCases = 99_999
	MinRows  = 200
	MaxRows  = 1_000_000
)

// Options say what is made.
type Options struct {
	Cases  int
	Rows   int     // of each case, half a second apart
	Leaks  float64 // share of the cases that have a leak, from 0 to 1
	Seed   uint64
	Layout Layout
	// Replace takes the place of files that are there. Without it nothing is written to
	// a folder that holds anything.
	Replace bool
}

// Default makes cases of the size that real simulations have.
func Default() Options {
	return Options{Cases: 10, Rows: 3200, Leaks: 0.5, Seed: 1, Layout: Beside}
}

// Check tells what cannot be made.
func (o Options) Check() error {
	switch {
	case o.Cases < 1 || o.Cases > MaxCases:
		return fmt.Errorf("%d cases: there can be from 1 to %d", o.Cases, MaxCases)
	case o.Rows < MinRows || o.Rows > MaxRows:
		return fmt.Errorf("%d rows: a case can have from %d to %d", o.Rows, MinRows, MaxRows)
	case math.IsNaN(o.Leaks) || o.Leaks < 0 || o.Leaks > 1:
		return fmt.Errorf("a share of leaks of %v: it must be from 0 to 1", o.Leaks)
	case o.Layout != Beside && o.Layout != TPLFolder:
		return fmt.Errorf("layout %q: it must be %s or %s", o.Layout, Beside, TPLFolder)
	}
	return nil
}

// hasLeak tells which cases have a leak: so many of any first ones as the share says.
func (o Options) hasLeak(number int) bool {
	return math.Floor(float64(number+1)*o.Leaks) > math.Floor(float64(number)*o.Leaks)
}
