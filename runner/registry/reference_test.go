package registry_test

import (
	"errors"
	"testing"

	"mlops/runner/registry"
)

func TestReferences(t *testing.T) {
	for text, want := range map[string]registry.Ref{
		"models:/churn":            {Name: "churn"},
		"models:/churn/3":          {Name: "churn", Version: 3},
		"models:/churn@champion":   {Name: "churn", Alias: "champion"},
		"models:/churn@latest":     {Name: "churn", Alias: "latest"},
		"models:/churn/latest":     {Name: "churn", Alias: "latest"},
		"models:/Churn_v2.eu-1/10": {Name: "Churn_v2.eu-1", Version: 10},
	} {
		got, err := registry.ParseRef(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if again, err := registry.ParseRef(got.String()); err != nil || again != want {
			t.Errorf("%s written as %s reads as %+v, %v", text, got, again, err)
		}
	}
}

func TestWhatIsNoReference(t *testing.T) {
	for _, text := range []string{
		"", "churn", "models/churn", "models:churn", "models:/", "models://churn/3", "models:/../etc", "models:/..", "models:/.staging-1",
		"models:/a/b", "models:/a/0", "models:/a/-1", "models:/a/03", "models:/a/+3", "models:/a/3/4", "models:/a/..", "models:/a/99999999999999999999",
		"models:/a@", "models:/a@../b", "models:/a@3", "models:/a@b/c", "models:/a/3@champion", "models:/a b", "models:/a\x00", "models:/a.", "models:/-a",
		"models:/ünï", "models:/a@b@c", "models:/a\\b",
	} {
		r, err := registry.ParseRef(text)
		var named *registry.NameError
		if !errors.As(err, &named) {
			t.Errorf("%q: got %+v, %v; want a NameError", text, r, err)
		}
	}
}

func TestAliasesThatCannotBeMoved(t *testing.T) {
	for _, alias := range []string{"latest", "Latest", "LATEST", "", "3", "a.b", "../x", "a b"} {
		var named *registry.NameError
		if err := registry.CheckAlias(alias); !errors.As(err, &named) {
			t.Errorf("%q: got %v", alias, err)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	for _, text := range []string{"models:/churn/3", "models:/churn@champion", "models:/../x", "models:/a/latest"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := registry.ParseRef(text)
		if err != nil {
			return
		}
		if again, err := registry.ParseRef(r.String()); err != nil || again != r {
			t.Errorf("%q reads as %+v, which reads back as %+v, %v", text, r, again, err)
		}
	})
}
