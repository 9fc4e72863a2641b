package gbdt

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing with them")

// The reference page is the parameter table's.
func TestParameterReferenceIsCurrent(t *testing.T) {
	const path = "../../docs/gbdt-parameters.md"
	var page bytes.Buffer
	if err := WriteParamReference(&page); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, page.Bytes()) {
		t.Errorf("%s is not current: run go generate ./runner/gbdt", path)
	}
}
