package deploy

import (
	"bytes"
	"strings"
	"testing"
)

func TestDocumentsAreReadStrictly(t *testing.T) {
	good := `{"format": "mlops-metadata", "format_version": 1, "version": "1.0.0"}`
	if m, err := parseDocument[Metadata]([]byte(good), metadataFormat); err != nil || m.Version != "1.0.0" {
		t.Fatalf("got %+v, %v", m, err)
	}
	for text, want := range map[string]string{
		strings.Replace(good, "mlops-metadata", "mlops-schema", 1): `has format "mlops-schema", not "mlops-metadata"`,
		strings.Replace(good, ": 1,", ": 2,", 1):                   "has version 2 of its format; this program reads version 1",
		strings.Replace(good, `"version"`, `"verzion"`, 1):         `unknown field "verzion"`,
		good + `{}`: "is not valid JSON",
		good[:20]:   "is not valid JSON",
		``:          "is not valid JSON",
		`{"format_version": 1, "format": "mlops-metadata", "run": 3}`: "cannot be read",
	} {
		if _, err := parseDocument[Metadata]([]byte(text), metadataFormat); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParseChecksums(f *testing.F) {
	f.Add(formatChecksums(nil))
	f.Add(formatChecksums([]FileInfo{{Path: "b/c", SHA256: strings.Repeat("0", 64)}, {Path: "a", SHA256: strings.Repeat("f", 64)}}))
	f.Add(formatChecksums([]FileInfo{{Path: "../../etc/passwd", SHA256: strings.Repeat("0", 64)}}))
	f.Add([]byte("# sha256 of the lines above: "))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseChecksums(data)
		if err != nil {
			return
		}
		if !bytes.Equal(formatChecksums(files), data) {
			t.Errorf("%q is accepted as %v", data, files)
		}
		for _, file := range files {
			if strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Errorf("%q leads out of the deployment", file.Path)
			}
		}
	})
}

func FuzzParseInference(f *testing.F) {
	f.Add([]byte(`{"format":"mlops-inference","format_version":1,"model_file":"model.txt","preprocessor_file":"p","schema_file":"s","metadata_file":"m",` +
		`"model":{"version":1,"backend":"sum","model":"sum","problem_type":"regression","target":{"name":"y","kind":"float64"},"features":["x"]}}`))
	f.Add([]byte(`{"format":"mlops-inference","format_version":1,"model":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := parseInference(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := writeDocument(&b, i); err != nil {
			t.Fatalf("%q reads, but cannot be written: %v", data, err)
		}
		if _, err := parseInference(b.Bytes()); err != nil {
			t.Errorf("%q reads, but not after it was written as %q: %v", data, b.Bytes(), err)
		}
	})
}
