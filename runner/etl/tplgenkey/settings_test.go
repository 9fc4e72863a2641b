package tplgenkey_test

import (
	"reflect"
	"testing"

	"mlops/runner/etl/etltest"
	"mlops/runner/etl/tplgenkey"
)

// Each key beneath noise, quality and resample says what it means, and has choices or an
// example, which is one that a section takes.
func TestKeysAreDescribedByExamplesThatAreTaken(t *testing.T) {
	examples := 0
	take := func(text string) {
		examples++
		section := "tpl_genkey_pipeline:\n  source_folder: in\n  output_folder: out\n  " + text + "\n"
		if _, err := etltest.Open(t, t.TempDir(), section, "tpl_genkey_pipeline", tplgenkey.Type()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	var walk func(typ reflect.Type, outer string, nest func(text string) string)
	walk = func(typ reflect.Type, outer string, nest func(text string) string) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			name, example := field.Tag.Get("yaml"), field.Tag.Get("example")
			if field.Tag.Get("doc") == "" {
				t.Errorf("%s%s does not say what it means", outer, name)
			}
			if example != "" {
				text := name + ": " + example
				if with := field.Tag.Get("with"); with != "" {
					text += ", " + with
				}
				take(nest(text))
			} else if field.Tag.Get("enum") == "" {
				t.Errorf("%s%s has no example", outer, name)
			}
			if field.Type.Kind() == reflect.Struct {
				walk(field.Type, outer+name+".", func(text string) string { return nest(name + ": {" + text + "}") })
			}
		}
	}
	walk(reflect.TypeFor[tplgenkey.Instrument](), "noise.", func(text string) string { return "noise: {PT_*: {" + text + "}}" })
	walk(reflect.TypeFor[tplgenkey.Quality](), "quality.", func(text string) string { return "quality: {" + text + "}" })
	walk(reflect.TypeFor[tplgenkey.Resample](), "resample.", func(text string) string { return "resample: {" + text + "}" })
	if examples < 35 {
		t.Errorf("there are %d examples", examples)
	}
}
