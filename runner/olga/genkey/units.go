package genkey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dimension is what a number measures, and so how its unit is read: M is metres of a
// [Length] and minutes of a [Time]. A number without a unit is in OLGA's own, which is
// the SI unit but for [Temperature].
type Dimension uint8

// The dimensions, and what [Value.SI] gives.
const (
	Fraction    Dimension = iota + 1 // 1, of - and %
	Length                           // m; diameters are lengths
	Pressure                         // Pa, absolute
	Time                             // s
	Temperature                      // K; without a unit it is in °C
	MassFlow                         // kg/s
	VolumeFlow                       // m3/s, at the conditions of the place
)

// AtmospherePa is what is added to a gauge pressure: the standard atmosphere.
const AtmospherePa = 101325

// scale is a unit: the number times times, over over, plus offset, is in SI. So that the
// result is the nearest number, as 0.2032 of 20.32 cm, factors below one are divisions.
type scale struct{ times, over, offset float64 }

// The factors are exact by the units' definitions.
const (
	psi   = 6894.757293168361 // lbf/in2
	kgf   = 98066.5           // kgf/cm2
	pound = 0.45359237        // kg
	foot  = 0.3048
	mile  = 1609.344
	bbl   = 0.158987294928 // m3
	gal   = 0.003785411784 // m3, of the US
	hour  = 3600
	day   = 86400
)

// dimensions are the units of each, in upper case; "" is that of a bare number.
var dimensions = [...]struct {
	name  string
	units map[string]scale
}{
	Fraction: {"fraction", map[string]scale{"": {1, 1, 0}, "-": {1, 1, 0}, "%": {1, 100, 0}}},
	Length: {"length", map[string]scale{
		"": {1, 1, 0}, "M": {1, 1, 0}, "CM": {1, 100, 0}, "MM": {1, 1000, 0}, "KM": {1000, 1, 0},
		"IN": {254, 10_000, 0}, "INCH": {254, 10_000, 0}, "FT": {foot, 1, 0}, "MI": {mile, 1, 0}, "MILE": {mile, 1, 0},
	}},
	Pressure: {"pressure", map[string]scale{
		"": {1, 1, 0}, "PA": {1, 1, 0}, "KPA": {1e3, 1, 0}, "MPA": {1e6, 1, 0},
		"BAR": {1e5, 1, 0}, "BARA": {1e5, 1, 0}, "BARG": {1e5, 1, AtmospherePa},
		"PSI": {psi, 1, 0}, "PSIA": {psi, 1, 0}, "PSIG": {psi, 1, AtmospherePa},
		"ATM": {AtmospherePa, 1, 0}, "ATMA": {AtmospherePa, 1, 0},
		"KG/CM2": {kgf, 1, 0}, "KG/CM2A": {kgf, 1, 0}, "KG/CM2G": {kgf, 1, AtmospherePa},
		"KGF/CM2": {kgf, 1, 0}, "KGF/CM2A": {kgf, 1, 0}, "KGF/CM2G": {kgf, 1, AtmospherePa},
	}},
	Time: {"time", map[string]scale{
		"": {1, 1, 0}, "S": {1, 1, 0}, "M": {60, 1, 0}, "MIN": {60, 1, 0}, "H": {hour, 1, 0}, "D": {day, 1, 0},
	}},
	Temperature: {"temperature", map[string]scale{
		"": {1, 1, 273.15}, "C": {1, 1, 273.15}, "K": {1, 1, 0}, "F": {5, 9, 273.15 - 32*5./9}, "R": {5, 9, 0},
	}},
	MassFlow: {"mass flow", map[string]scale{
		"": {1, 1, 0}, "KG/S": {1, 1, 0}, "KG/MIN": {1, 60, 0}, "KG/H": {1, hour, 0}, "KG/D": {1, day, 0}, "G/S": {1, 1000, 0},
		"T/H": {1000, hour, 0}, "T/D": {1000, day, 0},
		"LB/S": {pound, 1, 0}, "LB/H": {pound, hour, 0}, "LB/D": {pound, day, 0},
	}},
	VolumeFlow: {"volume flow", map[string]scale{
		"": {1, 1, 0}, "M3/S": {1, 1, 0}, "M3/MIN": {1, 60, 0}, "M3/H": {1, hour, 0}, "M3/D": {1, day, 0},
		"L/S": {1, 1000, 0}, "L/MIN": {1, 60_000, 0}, "L/H": {1, 1000 * hour, 0},
		"FT3/S": {foot * foot * foot, 1, 0}, "FT3/H": {foot * foot * foot, hour, 0}, "FT3/D": {foot * foot * foot, day, 0},
		"BBL/D": {bbl, day, 0}, "BBL/H": {bbl, hour, 0}, "GAL/MIN": {gal, 60, 0}, "GPM": {gal, 60, 0},
	}},
}

// String is the dimension's name.
func (d Dimension) String() string { return dimensions[d].name }

// ValueError says that a value is not what it is asked for, such as a length.
type ValueError struct {
	Value  Value
	Reason string
}

// Error names the place within the file.
func (e *ValueError) Error() string {
	return fmt.Sprintf("line %d, character %d: %s", e.Value.Pos.Line, e.Value.Pos.Column, e.Reason)
}

func (v Value) fault(format string, args ...any) error {
	return &ValueError{v, fmt.Sprintf(format, args...)}
}

// Convert is a number of a unit in the dimension's SI unit. ok is false for a unit that
// is none of the dimension, or not known. Upper and lower case are the same.
func (d Dimension) Convert(v float64, unit string) (si float64, ok bool) {
	s, ok := dimensions[d].units[strings.ToUpper(unit)]
	if !ok {
		return 0, false
	}
	return v*s.times/s.over + s.offset, true
}

// SI is a number in the dimension's SI unit. The error is a [*ValueError] where the value
// is no number or its unit none of the dimension.
func (v Value) SI(d Dimension) (float64, error) {
	if v.Kind != Number {
		return 0, v.fault("%s is no number, and a %s is one", quote(v.String()), d)
	}
	si, ok := d.Convert(v.Number, v.Unit)
	if !ok {
		known := slices.DeleteFunc(slices.Sorted(maps.Keys(dimensions[d].units)), func(u string) bool { return u == "" })
		return 0, v.fault("%s is no known unit of a %s; known are %s", quote(v.Unit), d, strings.Join(known, ", "))
	}
	return si, nil
}

// SIs are the numbers of a list, or the one number, in the dimension's SI unit. A number
// of a list has its own unit, or that of the list.
func (v Value) SIs(d Dimension) ([]float64, error) {
	numbers := make([]float64, 0, len(v.Values()))
	for _, e := range v.Values() {
		if v.Kind == List && e.Unit == "" {
			e.Unit = v.Unit
		}
		n, err := e.SI(d)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
