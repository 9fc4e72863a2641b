package wavelet

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"mlops/runner/table"
)

// Wavelet is an orthogonal wavelet's pair of filters. It is immutable.
type Wavelet struct {
	name      string
	low, high []float64
}

// ByName finds a wavelet by PyWavelets' name.
func ByName(name string) (Wavelet, error) {
	known := name
	if name == "haar" {
		known = "db1"
	}
	low, ok := lowPass[known]
	if !ok {
		near := ""
		if n := table.Nearest(name, Names()); n != "" {
			near = fmt.Sprintf("; did you mean %q?", n)
		}
		return Wavelet{}, fmt.Errorf("unknown wavelet %q%s (known: haar, db1 to db20, sym2 to sym20, coif1 to coif5)", name, near)
	}
	high := make([]float64, len(low))
	for i := range high { // the quadrature mirror filter
		high[i] = low[len(low)-1-i]
		if i%2 == 0 {
			high[i] = -high[i]
		}
	}
	return Wavelet{name: name, low: low, high: high}, nil
}

// Names lists the wavelets.
func Names() []string { return slices.Sorted(maps.Keys(lowPass)) }

// Name is the wavelet's.
func (w Wavelet) Name() string { return w.name }

// Length is the number of the filters' taps.
func (w Wavelet) Length() int { return len(w.low) }

// MaxLevel is the greatest level at which a coefficient of a signal of n values is not
// touched by its extension alone: floor(log2(n / (Length-1))).
func (w Wavelet) MaxLevel(n int) int {
	return max(0, bits.Len(uint(n/(len(w.low)-1)))-1)
}

// Mode says how a signal goes on beyond its ends.
type Mode uint8

// The modes, by the values abcd of a signal that ends with them.
const (
	Symmetric     Mode = iota // abcd|dcba
	Periodic                  // abcd|abcd
	Zero                      // abcd|0000
	Constant                  // abcd|dddd
	Reflect                   // abcd|cbab
	Periodization             // as Periodic, with as many coefficients as values; of an odd number of them the last comes twice
)

var modeNames = []string{"symmetric", "periodic", "zero", "constant", "reflect", "periodization"}

// String is PyWavelets' name.
func (m Mode) String() string { return modeNames[m] }

// ParseMode finds a mode by PyWavelets' name.
func ParseMode(name string) (Mode, error) {
	i := slices.Index(modeNames, name)
	if i < 0 {
		return 0, fmt.Errorf("unknown extension mode %q (known: %s)", name, strings.Join(modeNames, ", "))
	}
	return Mode(i), nil
}
