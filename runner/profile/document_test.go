package profile_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"mlops/runner/profile"
	"mlops/runner/table"
)

func TestADocumentReadsBackAsItWas(t *testing.T) {
	p, err := profile.Of(t.Context(), everyKind(t, 60_000))
	if err != nil {
		t.Fatal(err)
	}
	p.Predictions = profile.OfColumn(table.NewFloat64("prediction", []float64{math.Inf(1), math.Inf(-1), 1e308, 1e308, 0}, nil))
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := profile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(q)
	if err != nil || string(again) != string(data) {
		t.Errorf("written again it differs (%v)", err)
	}
	if len(data) > 64<<10 {
		t.Errorf("the profile of five columns takes %d bytes", len(data))
	}
	d, err := profile.Compare(p.Columns[0], q.Columns[0], profile.CompareOptions{})
	if err != nil || d.KS > d.ShareError || d.ShareError > 0.02 {
		t.Errorf("the document is off by %v, bound %v (%v)", d.KS, d.ShareError, err)
	}
}

func TestADocumentIsReadStrictly(t *testing.T) {
	p, err := profile.Of(t.Context(), everyKind(t, 20))
	if err != nil {
		t.Fatal(err)
	}
	good, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		"not valid JSON":                     {`{"format"`, `{"format`},
		`it has format "mlops-schema"`:       {`mlops-profile`, `mlops-schema`},
		"has version 2 of its format":        {`"format_version":1`, `"format_version":2`},
		`unknown field "colour"`:             {`"rows"`, `"colour":1,"rows"`},
		"20 rows cannot be":                  {`"count":20`, `"count":21`},
		"2 missing of -1":                    {`"count":20`, `"count":-1`},
		`column "float" is there twice`:      {`"name":"int"`, `"name":"float"`},
		"it has no name":                     {`"name":"int"`, `"name":""`},
		`unknown column type "decimal"`:      {`"float64"`, `"decimal"`},
		"is not of the kind string":          {`"float64"`, `"string"`},
		"needs either numbers or categories": {`"numbers"`, `"categories":{"lost":0,"values":[]},"numbers"`},
		"is none that this program writes":   {`"k":1024`, `"k":0`},
		"of 19 finite numbers cannot be":     {`"finite":18`, `"finite":19`},
		"but 19 values are told":             {`"missing":2`, `"missing":1`},
		"beyond the extremes":                {`"max":1700000018`, `"max":1`},
		"the error of -1 and 0":              {`"over":0`, `"over":-1`},
	} {
		text := strings.Replace(string(good), change[0], change[1], 1)
		if _, err := profile.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s for %s: got %v, want %q", change[1], change[0], err, want)
		}
	}
	if _, err := profile.Parse(append(good, "{}"...)); err == nil {
		t.Error("what follows the end is ignored")
	}
	const oneColumn = `{"format":"mlops-profile","format_version":1,"rows":4,"columns":[{"name":"c","kind":"bool","count":4,"missing":1,"categories":{"lost":%LOST,"values":[%VALUES]}}]}`
	for _, c := range []struct{ lost, values, want string }{
		{"0", `{"value":"true","count":3}`, ""},
		{"1", `{"value":"true","count":1}`, ""},
		{"0", `{"value":"true","count":1}`, "2 cells are in no category"},
		{"3", `{"value":"true","count":1}`, "2 cells are in no category"},
		{"0", `{"value":"true","count":4}`, "3 are left"},
		{"0", `{"value":"true","count":-1}`, `category "true" with -1 cells`},
		{"0", `{"value":"true","count":1},{"value":"true","count":2}`, `category "true" with 2 cells`},
	} {
		text := strings.NewReplacer("%LOST", c.lost, "%VALUES", c.values).Replace(oneColumn)
		if _, err := profile.Parse([]byte(text)); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	p, err := profile.Of(f.Context(), everyKind(f, 20))
	if err != nil {
		f.Fatal(err)
	}
	good, err := p.Encode(16, 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":"mlops-profile","format_version":1,"rows":1,"columns":[{"name":"x","kind":"int64","count":1,"missing":0,"numbers":{"finite":1,"mean":1,"std":0,"min":1,"max":1,"sketch":{"k":8,"over":0,"under":0,"levels":[[1]]}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := profile.Parse(data)
		if err != nil {
			return
		}
		// Whatever is taken can be used.
		if err := p.Merge(p); err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Columns {
			if _, err := profile.Compare(c, c, profile.CompareOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Encode(16, 4); err != nil {
			t.Fatal(err)
		}
	})
}
