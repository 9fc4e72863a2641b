package genkey_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/olga/genkey"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		dimension genkey.Dimension
		number    float64
		unit      string
		want      float64
	}{
		{genkey.Fraction, 0.5, "", 0.5}, {genkey.Fraction, 1, "-", 1}, {genkey.Fraction, 5.694, "%", 0.05694},
		{genkey.Length, 50, "", 50}, {genkey.Length, 50, "m", 50}, {genkey.Length, -95, "M", -95}, {genkey.Length, 20.32, "cm", 0.2032},
		{genkey.Length, 455.6, "mm", 0.4556}, {genkey.Length, 1, "in", 0.0254}, {genkey.Length, 2, "km", 2000}, {genkey.Length, 10, "ft", 3.048},
		{genkey.Pressure, 121e5, "", 121e5}, {genkey.Pressure, 1, "Pa", 1}, {genkey.Pressure, 2, "kPa", 2e3}, {genkey.Pressure, 2, "MPa", 2e6},
		{genkey.Pressure, 10, "BARA", 1e6}, {genkey.Pressure, 10, "bar", 1e6}, {genkey.Pressure, 0, "barg", 101325}, {genkey.Pressure, 1, "barg", 201325},
		{genkey.Pressure, 0, "psig", 101325}, {genkey.Pressure, 14.695948775513, "psia", 101325}, {genkey.Pressure, 14.695948775513, "psi", 101325},
		{genkey.Pressure, 1, "kg/cm2", 98066.5}, {genkey.Pressure, 1, "kgf/cm2g", 199391.5}, {genkey.Pressure, 1, "atm", 101325},
		{genkey.Time, 0, "", 0}, {genkey.Time, 3, "M", 180}, {genkey.Time, 3, "min", 180}, {genkey.Time, 2, "h", 7200}, {genkey.Time, 2, "d", 172800}, {genkey.Time, 5, "s", 5},
		{genkey.Temperature, 21, "C", 294.15}, {genkey.Temperature, 21, "", 294.15}, {genkey.Temperature, 32, "F", 273.15}, {genkey.Temperature, 300, "K", 300}, {genkey.Temperature, 491.67, "R", 273.15},
		{genkey.MassFlow, 138349, "kg/h", 38.43027777777778}, {genkey.MassFlow, 1, "lb/s", 0.45359237}, {genkey.MassFlow, 3.6, "t/h", 1},
		{genkey.VolumeFlow, 3600, "m3/h", 1}, {genkey.VolumeFlow, 1, "bbl/d", 1.8401307283333e-6}, {genkey.VolumeFlow, 60, "l/min", 0.001}, {genkey.VolumeFlow, 1, "ft3/s", 0.028316846592},
	} {
		got, err := genkey.NewNumber(c.number, c.unit).SI(c.dimension)
		if err != nil || math.Abs(got-c.want) > 1e-12*math.Abs(c.want) {
			t.Errorf("%v %s of a %s is %v, not %v (%v)", c.number, c.unit, c.dimension, got, c.want, err)
		}
	}
	if got, err := genkey.NewNumber(20.32, "cm").SI(genkey.Length); err != nil || got != 0.2032 {
		t.Errorf("20.32 cm is %v: %v", got, err)
	}
}

func TestAnUnknownUnitIsNoSI(t *testing.T) {
	k := parse(t, "A B=5 furlong, C=word, D=3 bara, E=(1, 2 in) cm, F=(1, 2 s) m, G=(x, y)").Keywords[0]
	get := func(name string) genkey.Value {
		v, ok := k.Get(name)
		if !ok {
			t.Fatal(name)
		}
		return v
	}
	for name, want := range map[string]string{
		"B": `line 1, character 5: "furlong" is no known unit of a length; known are CM, FT, IN, INCH, KM, M, MI, MILE, MM`,
		"C": `line 1, character 18: "word" is no number, and a length is one`,
		"D": `line 1, character 26: "bara" is no known unit of a length; known are CM, FT, IN, INCH, KM, M, MI, MILE, MM`,
		"E": `line 1, character 36: "(1, 2 in) cm" is no number, and a length is one`,
	} {
		_, err := get(name).SI(genkey.Length)
		var value *genkey.ValueError
		if !errors.As(err, &value) || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := get("E").SIs(genkey.Length); err != nil || fmt.Sprint(got) != "[0.01 0.0508]" {
		t.Errorf("E is %v: %v", got, err)
	}
	if _, err := get("F").SIs(genkey.Length); err == nil {
		t.Error("seconds are a length")
	}
	if _, err := get("G").SIs(genkey.Length); err == nil {
		t.Error("words are a length")
	}
	if got, err := get("D").SIs(genkey.Pressure); err != nil || cmp.Diff([]float64{3e5}, got) != "" {
		t.Errorf("D is %v: %v", got, err)
	}
}
