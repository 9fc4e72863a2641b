package wavelet

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// signal is that of tools/reference/wavelets.py.
func signal(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64((i*i*7+i*13)%101-50) / 8
	}
	return x
}

func reference(t *testing.T) (r struct {
	Decompositions []struct {
		Wavelet, Mode string
		Rows, Level   int
		Coefficients  [][]float64
	}
	MaxLevels map[string]map[int]int `json:"max_levels"`
}) {
	t.Helper()
	data, err := os.ReadFile("testdata/pywavelets.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDecompositionsAreThoseOfPyWavelets(t *testing.T) {
	r := reference(t)
	if len(r.Decompositions) < 800 {
		t.Fatalf("there are %d", len(r.Decompositions))
	}
	var d Decomposition
	for _, c := range r.Decompositions {
		w, err := ByName(c.Wavelet)
		if err != nil {
			t.Fatal(err)
		}
		mode, err := ParseMode(c.Mode)
		if err != nil {
			t.Fatal(err)
		}
		w.decompose(&d, signal(c.Rows), mode, c.Level) // PyWavelets warns of too high a level
		if len(d.Coefficients) != len(c.Coefficients) {
			t.Fatalf("%+v: %d kinds", c, len(d.Coefficients))
		}
		for k, want := range c.Coefficients {
			got := d.Coefficients[k]
			if len(got) != len(want) {
				t.Fatalf("%s %s of %d: %d coefficients of kind %d, not %d", c.Wavelet, c.Mode, c.Rows, len(got), k, len(want))
			}
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-12*max(1, math.Abs(want[i])) {
					t.Fatalf("%s %s of %d, level %d: coefficient %d of kind %d is %v, not %v", c.Wavelet, c.Mode, c.Rows, c.Level, i, k, got[i], want[i])
				}
			}
		}
	}
	for name, levels := range r.MaxLevels {
		w, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range levels {
			if got := w.MaxLevel(n); got != want {
				t.Errorf("%s: at most %d levels of %d values, not %d", name, got, n, want)
			}
		}
	}
}

// An orthogonal transform keeps the energy, whatever the wavelet and the level.
func TestPeriodizationKeepsTheEnergy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := ByName(rapid.SampledFrom(Names()).Draw(t, "wavelet"))
		if err != nil {
			t.Fatal(err)
		}
		level := rapid.IntRange(1, 3).Draw(t, "level")
		x := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 64, 64).Draw(t, "signal")
		var d Decomposition
		w.decompose(&d, x, Periodization, level)
		want, got, cells := 0.0, 0.0, 0
		for _, v := range x {
			want += v * v
		}
		for _, part := range d.Coefficients {
			for _, v := range part {
				got += v * v
			}
			cells += len(part)
		}
		if cells != len(x) || math.Abs(got-want) > 1e-9*(1+want) {
			t.Fatalf("%s: %d coefficients of energy %v, and a signal of energy %v", w.Name(), cells, got, want)
		}
	})
}

func TestADecompositionThatIsUsedAgainAllocatesNothing(t *testing.T) {
	w, err := ByName("db2")
	if err != nil {
		t.Fatal(err)
	}
	x := signal(40)
	var d Decomposition
	if n := testing.AllocsPerRun(10, func() {
		if err := w.Decompose(&d, x, Symmetric, 3); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	first := slices.Clone(d.Coefficients[3])
	if err := w.Decompose(&d, signal(100), Zero, 1); err != nil {
		t.Fatal(err)
	}
	if err := w.Decompose(&d, x, Symmetric, 3); err != nil || !slices.Equal(first, d.Coefficients[3]) {
		t.Errorf("after another signal the same one gives %v, %v", d.Coefficients[3], err)
	}
}

func TestWhatIsNotKnown(t *testing.T) {
	if _, err := ByName("db21"); err == nil || !strings.Contains(err.Error(), `unknown wavelet "db21"; did you mean "db1"`) {
		t.Errorf("the error is %v", err)
	}
	if _, err := ParseMode("smooth"); err == nil || !strings.Contains(err.Error(), `unknown extension mode "smooth" (known: symmetric, periodic`) {
		t.Errorf("the error is %v", err)
	}
	w, err := ByName("haar")
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []int{0, 6} {
		var d Decomposition
		var fault *LevelError
		if err := w.Decompose(&d, signal(40), Symmetric, level); !errors.As(err, &fault) || fault.Most != 5 {
			t.Errorf("level %d gives %v", level, err)
		}
	}
	var d Decomposition
	if err := w.Decompose(&d, nil, Symmetric, 1); err == nil {
		t.Error("a signal without values is decomposed")
	}
}

func BenchmarkDecompose(b *testing.B) {
	w, err := ByName("db2")
	if err != nil {
		b.Fatal(err)
	}
	x := signal(40)
	var d Decomposition
	for b.Loop() {
		if err := w.Decompose(&d, x, Symmetric, 3); err != nil {
			b.Fatal(err)
		}
	}
}
