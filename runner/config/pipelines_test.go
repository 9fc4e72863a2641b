package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// windowSettings are a section's in these tests.
type windowSettings struct {
	Source string         `yaml:"source_folder" needed:"true" doc:"The folder of the cases."`
	Size   int64          `yaml:"window_size" range:"[1,)" doc:"Rows of a window."`
	Label  string         `yaml:"label" enum:"any|last" doc:"The rule."`
	Names  []string       `yaml:"selected_columns" doc:"The signals."`
	Params map[string]any `yaml:"lgbm_params" doc:"LightGBM's."`
	Buffer int            `yaml:"buffer" hash:"never" doc:"Rows read at once."`
}

type everySection struct {
	OnError string `yaml:"on_error" enum:"fail|skip" doc:"What a failure does."`
}

const pipelinesText = `x-shared: &shared
  label: last
project_root: ..
storage: {type: local}
windows_pipeline:
  <<: *shared
  source_folder: ${DATA_ROOT}/tpl
  window_size: ${WINDOW:-40}
  selected_columns: [PT, "${SIGNAL:-GT}"]
  lgbm_params: {num_leaves: 31, max_depth: 4}
training_pipeline:
  source_folder: "a $${literal}"
environments:
  prod:
    windows_pipeline:
      window_size: 50
      lgbm_params: {num_leaves: 63}
  empty:
`

func variables(set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := set[name]; return v, ok }
}

func decodeWindows(t testing.TB, text string, o PipelinesOptions) (windowSettings, error) {
	t.Helper()
	s := windowSettings{Label: "any", Buffer: 100}
	p, err := ParsePipelines("pipelines_config.yml", []byte(text), o)
	if err != nil {
		return s, err
	}
	section, err := p.Section("windows_pipeline")
	if err != nil {
		return s, err
	}
	every := everySection{OnError: "fail"}
	return s, DecodeSection(section, &every, &s)
}

func TestPipelinesLayers(t *testing.T) {
	base := windowSettings{
		Source: "/data/tpl", Size: 40, Label: "last", Names: []string{"PT", "GT"}, Buffer: 100,
		Params: map[string]any{"num_leaves": int64(31), "max_depth": int64(4)},
	}
	vars := map[string]string{"DATA_ROOT": "/data"}
	for _, c := range []struct {
		name   string
		o      PipelinesOptions
		vars   map[string]string
		change func(s *windowSettings)
	}{
		{"the file alone", PipelinesOptions{}, vars, func(*windowSettings) {}},
		{"variables", PipelinesOptions{}, map[string]string{"DATA_ROOT": "s3://x", "WINDOW": "12", "SIGNAL": "12"}, func(s *windowSettings) {
			s.Source, s.Size, s.Names = "s3://x/tpl", 12, []string{"PT", "12"} // in quotes a number stays text
		}},
		{"an empty variable takes the default", PipelinesOptions{}, map[string]string{"DATA_ROOT": "", "WINDOW": ""}, func(s *windowSettings) {
			s.Source = "/tpl"
		}},
		{"an environment in the file", PipelinesOptions{Environment: "prod"}, vars, func(s *windowSettings) {
			s.Size, s.Params = 50, map[string]any{"num_leaves": int64(63), "max_depth": int64(4)}
		}},
		{"an environment without keys", PipelinesOptions{Environment: "empty"}, vars, func(*windowSettings) {}},
		{"an environment's file over that", PipelinesOptions{
			Environment: "prod", OverlayName: "pipelines_config.prod.yml",
			Overlay: []byte("windows_pipeline:\n  window_size: 60\n  selected_columns: [TM]\n"),
		}, vars, func(s *windowSettings) {
			s.Size, s.Names, s.Params = 60, []string{"TM"}, map[string]any{"num_leaves": int64(63), "max_depth": int64(4)}
		}},
		{"assignments over that", PipelinesOptions{
			Environment: "prod", Section: "windows_pipeline",
			Set: []string{"window_size=70", "windows_pipeline.lgbm_params.max_depth=5", "label=any", "source_folder=${DATA_ROOT}/x"},
		}, vars, func(s *windowSettings) {
			s.Size, s.Label, s.Source, s.Params = 70, "any", "/data/x", map[string]any{"num_leaves": int64(63), "max_depth": int64(5)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Variables = variables(c.vars)
			want := base
			c.change(&want)
			got, err := decodeWindows(t, pipelinesText, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			// A worker gets the same from the text that it is sent.
			c.o.Section = ""
			p, err := ParsePipelines("pipelines_config.yml", []byte(pipelinesText), withSection(c.o))
			if err != nil {
				t.Fatal(err)
			}
			sent, err := decodeWindows(t, string(p.Only("windows_pipeline")), PipelinesOptions{})
			if err != nil {
				t.Fatalf("%v\n%s", err, p.Only("windows_pipeline"))
			}
			if d := cmp.Diff(want, sent); d != "" {
				t.Errorf("as it is sent: %s\n%s", d, p.Only("windows_pipeline"))
			}
		})
	}
}

func withSection(o PipelinesOptions) PipelinesOptions {
	o.Section = "windows_pipeline"
	return o
}

func TestPipelinesKnowTheirSections(t *testing.T) {
	p, err := ParsePipelines("p.yml", []byte(pipelinesText), PipelinesOptions{Variables: variables(map[string]string{"DATA_ROOT": "x"})})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"windows_pipeline", "training_pipeline"}, p.Names()); d != "" || p.ProjectRoot != ".." {
		t.Error(d, p.ProjectRoot)
	}
	section, err := p.Section("training_pipeline")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := section.Word("source_folder"); text != "a ${literal}" || err != nil {
		t.Errorf("the escape gives %q, %v", text, err)
	}
}

func TestFaultsOfPipelines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          PipelinesOptions
		want       string
	}{
		{"variable", "windows_pipeline:\n  source_folder: a\n  label: ${RULE}\n", PipelinesOptions{},
			"p.yml:3:10: windows_pipeline.label: the environment variable RULE is not set; set it, or write ${RULE:-default}"},
		{"open brace", "windows_pipeline:\n  source_folder: a${B\n", PipelinesOptions{},
			`p.yml:2:18: windows_pipeline.source_folder: the variable "${B" has no closing brace; write $${ for the text ${ itself`},
		{"no name", "windows_pipeline:\n  source_folder: ${a b}\n", PipelinesOptions{},
			`p.yml:2:18: windows_pipeline.source_folder: "${a b}" names no variable: letters, digits and _ are taken; write $${ for the text ${ itself`},
		{"environment", pipelinesText, PipelinesOptions{Environment: "prd"}, `p.yml: has no environment "prd"; did you mean "prod"?`},
		{"no environments", "windows_pipeline: {source_folder: a}\n", PipelinesOptions{Environment: "prod"}, `p.yml: has no environment "prod"; it has none`},
		{"assignment", "windows_pipeline: {source_folder: a}\n", PipelinesOptions{Set: []string{"window_pipeline.label=any"}},
			`--set window_pipeline.label=any: window_pipeline.label: names no section; did you mean "windows_pipeline"?`},
		{"assignment's form", "windows_pipeline: {source_folder: a}\n", PipelinesOptions{Set: []string{"label"}},
			`override "label": must have the form key=value, such as windows_pipeline.window_size=50`},
		{"assigned key", "windows_pipeline: {source_folder: a}\n", PipelinesOptions{Set: []string{"labell=any"}, Section: "windows_pipeline"},
			`--set labell=any: windows_pipeline.labell: unknown key; did you mean "label"?`},
		{"overlaid key", "windows_pipeline: {source_folder: a}\n",
			PipelinesOptions{Environment: "prod", OverlayName: "p.prod.yml", Overlay: []byte("windows_pipeline:\n  windowsize: 3\n")},
			`p.prod.yml:2:3: windows_pipeline.windowsize: unknown key; did you mean "window_size"?`},
		{"section", "windows_pipeline: 3\n", PipelinesOptions{}, "p.yml:1:1: windows_pipeline: must be a map of keys, not the number 3"},
		{"missing section", "window_pipeline: {source_folder: a}\n", PipelinesOptions{}, `p.yml: has no section "windows_pipeline"; did you mean "window_pipeline"?`},
		{"needed", "windows_pipeline:\n  label: any\n", PipelinesOptions{}, "p.yml:1:1: windows_pipeline.source_folder: is needed: the folder of the cases."},
		{"empty file", "# nothing\n", PipelinesOptions{}, "p.yml: has no section; a pipelines file has one for each pipeline, such as windows_pipeline"},
		{"bucket", "storage: {type: s3}\nwindows_pipeline: {source_folder: a}\n", PipelinesOptions{}, "p.yml:1:1: storage.bucket: is needed with type: s3; name the bucket"},
		{"bucket's name", "storage: {type: s3, bucket: 's3://team'}\n", PipelinesOptions{}, `p.yml:1:21: storage.bucket: must be a bucket's name alone, not "s3://team"; a folder in it is the prefix`},
		{"region", "storage: {region: evil.com/}\n", PipelinesOptions{}, `p.yml:1:11: storage.region: must be a region's name such as eu-west-1, not "evil.com/"`},
		{"endpoint", "storage:\n  endpoint: minio:9000\n", PipelinesOptions{}, `p.yml:2:3: storage.endpoint: must be the address of a server, such as https://minio.example.org:9000: http:// or https://, a host, and a path at most`},
		{"path style", "storage: {path_style: maybe}\n", PipelinesOptions{}, `p.yml:1:23: storage.path_style: must be true or false, not the text "maybe"`},
		{"storage key", "storage: {endpoint_url: 'http://x'}\n", PipelinesOptions{}, `p.yml:1:11: storage.endpoint_url: unknown key; did you mean "endpoint"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Variables = variables(map[string]string{"DATA_ROOT": "x"})
			p, err := ParsePipelines("p.yml", []byte(c.text), c.o)
			if err == nil {
				var section Section
				if section, err = p.Section("windows_pipeline"); err == nil {
					err = DecodeSection(section, &everySection{OnError: "fail"}, &windowSettings{Label: "any"})
				}
			}
			var located *Error
			if !errors.As(err, &located) {
				t.Fatalf("got %v", err)
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if d := cmp.Diff(c.want, first); d != "" {
				t.Error(d)
			}
		})
	}
}

// A variable's value is one value: it adds no keys and ends no line, whatever is
// in it, and what is sent on reads back as it.
// Of one section that is run, the variables of others need not be set.
func TestVariablesOfOtherSections(t *testing.T) {
	text := []byte("windows_pipeline: {window_size: 3, source_folder: \"${DATA}\"}\nother_pipeline: {source_folder: \"${UNSET}\"}\nx-aside: \"${UNSET}\"\n")
	o := PipelinesOptions{Variables: variables(map[string]string{"DATA": "raw"})}
	if _, err := ParsePipelines("p.yml", text, o); err == nil {
		t.Error("a file of which any section may be read has a variable that is not set")
	}
	o.Section = "windows_pipeline"
	if s, err := decodeWindows(t, string(text), o); err != nil || s.Source != "raw" {
		t.Errorf("%q, %v", s.Source, err)
	}
	o.Section = "other_pipeline"
	if _, err := ParsePipelines("p.yml", text, o); err == nil || !strings.Contains(err.Error(), "other_pipeline.source_folder: the environment variable UNSET is not set") {
		t.Errorf("the section itself: %v", err)
	}
	o.Section = "windows_pipeline"
	if _, err := ParsePipelines("p.yml", append(text, "project_root: \"${UNSET}\"\n"...), o); err == nil {
		t.Error("what all sections share has a variable that is not set")
	}
}

func TestPipelinesFilesAreToldApart(t *testing.T) {
	for text, want := range map[string]bool{
		"windows_pipeline: {source_folder: x}":    true,
		"mine: {type: windows, source_folder: x}": true,
		"storage: {type: s3}\nwindows_pipeline:":  true,
		"training: {backend: lightgbm}":           false,
		"training: {}\nwindows_pipeline: {}":      false, // a configuration with a key too many
		"storage: {type: s3}":                     false,
		"mine: {source_folder: x}":                false,
		"- windows_pipeline":                      false,
		"":                                        false,
		"windows_pipeline: {":                     false,
	} {
		if got := IsPipelines([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAVariableStaysOneValue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.OneOf(rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") }), rapid.SampledFrom([]string{"a: b", "x\n  label: last", "[1]", "# c", "*a", "&a b", "!!int 3", "${DATA_ROOT}", "- 1", "{}", "'", "null", "true", "3", "3 # x"})).Draw(r, "value")
		text := "windows_pipeline:\n  source_folder: \"${V}\"\n  lgbm_params: {v: 1}\n  label: any\n"
		p, err := ParsePipelines("p.yml", []byte(text), PipelinesOptions{Variables: variables(map[string]string{"V": value})})
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []bool{false, true} {
			if again {
				if p, err = ParsePipelines("p.yml", p.Only("windows_pipeline"), PipelinesOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			section, err := p.Section("windows_pipeline")
			if err != nil {
				t.Fatal(err)
			}
			got := windowSettings{Size: 1}
			if value == "" {
				return // then the key is needed
			}
			if err := DecodeSection(section, &got); err != nil {
				t.Fatal(err)
			}
			if got.Source != value || got.Label != "any" {
				t.Fatalf("%q became %q, label %q", value, got.Source, got.Label)
			}
		}
	})
}

func TestEffectiveLeavesOutWhatChangesNoResult(t *testing.T) {
	a := windowSettings{Source: "x", Size: 4, Label: "any", Buffer: 1}
	b := a
	b.Buffer = 2
	hashA, flat := Effective(&a)
	hashB, _ := Effective(b)
	if hashA != hashB {
		t.Error("the hash depends on a key that changes no result")
	}
	want := map[string]string{"source_folder": "x", "window_size": "4", "label": "any", "selected_columns": ""}
	if d := cmp.Diff(want, flat); d != "" {
		t.Error(d)
	}
	b.Size = 5
	if hash, _ := Effective(b); hash == hashA {
		t.Error("the hash does not depend on window_size")
	}
}

func FuzzParsePipelines(f *testing.F) {
	f.Add(pipelinesText, "prod", "windows_pipeline.window_size=3")
	f.Add("windows_pipeline: {a: ${X:-${Y}}, b: $${, c: $}\n", "", "")
	f.Fuzz(func(t *testing.T, text, environment, set string) {
		o := PipelinesOptions{Environment: environment, Variables: variables(map[string]string{"X": "1"}), Section: "windows_pipeline"}
		if set != "" {
			o.Set = []string{set}
		}
		p, err := ParsePipelines("p.yml", []byte(text), o)
		if err != nil {
			return
		}
		for _, name := range p.Names() {
			if _, err := ParsePipelines("sent", p.Only(name), PipelinesOptions{}); err != nil {
				t.Fatalf("what is sent of %q is refused: %v\n%s", name, err, p.Only(name))
			}
		}
	})
}

func TestWhereTheBucketsAre(t *testing.T) {
	p, err := ParsePipelines("p.yml", []byte("storage:\n  {type: s3, bucket: plant, prefix: team/a, endpoint: '${AT}', region: eu-west-1, path_style: true}\n"), PipelinesOptions{
		Variables: variables(map[string]string{"AT": "https://minio:9000/s3"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	want := PipelineStorage{Type: "s3", Bucket: "plant", Prefix: "team/a", Endpoint: "https://minio:9000/s3", Region: "eu-west-1", PathStyle: &yes}
	if d := cmp.Diff(want, p.Storage); d != "" {
		t.Error(d)
	}
	again, err := ParsePipelines("p.yml", p.Only("none"), PipelinesOptions{}) // as a worker reads it
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, again.Storage); d != "" {
		t.Error(d)
	}
}

// Whatever a key that holds credentials is called, it is refused, and shown to nobody.
func TestCredentialsAreNoneOfTheFile(t *testing.T) {
	const secret = "wJalrXUtnFEMI"
	for text, key := range map[string]string{
		"storage: {type: s3, bucket: b, access_key: " + secret + "}\n":                     "storage.access_key",
		"storage:\n  secret_access_key: " + secret + "\n":                                  "storage.secret_access_key",
		"storage: {aws-session-token: " + secret + "}\n":                                   "storage.aws-session-token",
		"storage: {AWS_ACCESS_KEY_ID: " + secret + "}\n":                                   "storage.AWS_ACCESS_KEY_ID",
		"storage: {key: " + secret + "}\n":                                                 "storage.key",
		"storage: {profile: " + secret + "}\n":                                             "storage.profile",
		"storage: {bukcet: b, options: [{secret: " + secret + "}]}\n":                      "storage.options.secret",
		"storage: {endpoint: 'https://me:" + secret + "@minio:9000'}\n":                    "storage.endpoint",
		"storage: {endpoint: 'me:" + secret + "@minio:9000'}\n":                            "storage.endpoint",
		"storage: {endpoint: 'https://minio:9000?X-Amz-Credential=" + secret + "'}\n":      "storage.endpoint",
		"environments: {prod: {storage: {password: " + secret + "}}}\nw: {a: b}\n":         "storage.password",
		"storage: {}\nw: {a: b}\nx: {c: d}\n# assigned: storage.secret_key=" + secret + "": "storage.secret_key",
	} {
		o := PipelinesOptions{}
		if strings.HasPrefix(text, "environments") {
			o.Environment = "prod"
		}
		if _, assignment, ok := strings.Cut(text, "# assigned: "); ok {
			o.Set = []string{assignment}
		}
		_, err := ParsePipelines("p.yml", []byte(strings.Split(text, "#")[0]), o)
		var located *Error
		if !errors.As(err, &located) || located.Key != key {
			t.Errorf("%s\ngives %v, want an error of %s", text, err, key)
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is shown: %v", err)
		}
		if key != "storage.endpoint" && !strings.Contains(err.Error(), "from the standard AWS chain") {
			t.Errorf("it is not said where credentials are from: %v", err)
		}
	}
}

// What is sent has each key in the line of the file, so that an error about it there
// names the place that its writer knows.
func TestWhatIsSentKeepsItsLines(t *testing.T) {
	const text = `# a comment

storage:
  type: s3 # and its bucket

  bucket: plant
one: {a: 1}


windows_pipeline:

  source_folder: raw
  labels:
    - a
    - b: {c: "x, y"}
  # why
  size: 40
two:
  b: 1
`
	p, err := ParsePipelines("p.yml", []byte(text), PipelinesOptions{Set: []string{"windows_pipeline.more=[1, two]"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "\n\nstorage:\n  type: s3\n\n  bucket: plant\n\n\n\nwindows_pipeline:\n\n  source_folder: raw\n  labels: [a, {b: {c: \"x, y\"}}]\n\n\n\n  size: 40\n  more: [1, two]\n"
	if d := cmp.Diff(want, string(p.Only("windows_pipeline"))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("\n\nstorage:\n  type: s3\n\n  bucket: plant\none: {a: 1}\n", string(p.Only("one"))); d != "" {
		t.Error(d)
	}
	sent, err := ParsePipelines("p.yml", p.Only("windows_pipeline"), PipelinesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	section, err := sent.Section("windows_pipeline")
	if err != nil {
		t.Fatal(err)
	}
	if got := section.ErrorAt("size", "is wrong").Line; got != 17 {
		t.Errorf("the key is said to be in line %d", got)
	}
}
