package strictjson_test

import (
	"strings"
	"testing"

	"mlops/runner/strictjson"
)

type fruit struct {
	strictjson.Header
	Name string `json:"name"`
}

func TestADocumentIsReadStrictly(t *testing.T) {
	good := `{"format":"fruit","format_version":1,"name":"pear"}`
	for text, want := range map[string]string{
		good:                                       "",
		" " + good + "\n":                          "",
		strings.Replace(good, "fruit", "nut", 1):   `has format "nut", not "fruit"`,
		strings.Replace(good, ":1", ":2", 1):       "has version 2 of its format; this program reads version 1",
		strings.Replace(good, ":1", `:"1"`, 1):     "is not valid JSON",
		strings.Replace(good, "name", "colour", 1): `cannot be read: json: unknown field "colour"`,
		strings.Replace(good, `"pear"`, "7", 1):    "cannot be read: json: cannot unmarshal number",
		good + "{}":                                "is not valid JSON",
		good[:20]:                                  "is not valid JSON",
		"":                                         "is not valid JSON",
		"[]":                                       "is not valid JSON",
	} {
		var f fruit
		err := strictjson.DecodeAs([]byte(text), strictjson.Header{Format: "fruit", FormatVersion: 1}, &f)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) || err == nil && f.Name != "pear" {
			t.Errorf("%s: %v, %+v; want %q", text, err, f, want)
		}
	}
	var f fruit
	if err := strictjson.Decode([]byte(good+"{}"), &f); err == nil || err.Error() != "has something behind its end" {
		t.Errorf("more behind it: %v", err)
	}
}
