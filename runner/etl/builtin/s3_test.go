package builtin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
	"mlops/runner/storage/s3"
	"mlops/runner/storage/s3/s3test"
)

// plantFile are sections of which each reads what the one before it wrote.
const plantFile = `
tpl_genkey_pipeline: {source_folder: raw, output_folder: cases, max_workers: 1}
windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 20, materialize: true, max_workers: 1}
features_pipeline: {source_folder: windows, output_folder: features, training_cases: ["*"], normal_label: 1, write_buffer_rows: 2, checkpoint_frequency: 1, max_workers: 1}
parquet_csv_pipeline: {source_folder: cases, output_folder: csv, leak_filter: leak, max_workers: 1}
`

// plant is a project, on disk or in a bucket.
type plant struct {
	t    testing.TB
	env  etl.Env
	text string // of the pipelines file
	root string // of the project
	base string // where relative locations start
	dir  string // the same, as a directory of this machine
}

func onDisk(t testing.TB) *plant {
	dir := t.TempDir()
	return &plant{t: t, env: etl.Env{Version: "1", Storage: storage.New(storage.Options{})}, text: plantFile, root: dir, base: dir, dir: dir}
}

// inBucket is a project in a bucket of a server that the file alone names.
func inBucket(t *testing.T, server *s3test.Server, endpoint string) *plant {
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1") // where nobody is
	o := s3.Options{PermitEndpoint: func(u *url.URL) error {
		if u.String() != endpoint {
			return &storage.ForbiddenError{Location: u.String()}
		}
		return nil
	}}
	p := &plant{
		t: t, root: t.TempDir(), base: "s3://plant/team/2026", dir: filepath.Join(server.Dir, "plant", "team", "2026"),
		text: "storage: {type: s3, bucket: plant, prefix: team/2026, endpoint: '" + endpoint + "', path_style: true}\n" + plantFile,
	}
	p.env = etl.Env{Version: "1", Storage: storage.New(storage.Options{
		Buckets:   map[string]storage.OpenBucket{s3.Scheme: s3.Opener(o)},
		Endpoints: map[string]func(storage.Endpoint) storage.OpenBucket{s3.Scheme: s3.OpenerAt(o)},
	})}
	return p
}

// write makes the raw data: cases of names that URLs would escape, one of which has no
// keyword file.
func (p *plant) write(endpoint string) {
	p.t.Helper()
	o := p.env.Storage.At(s3.Scheme, storage.Endpoint{URL: endpoint})
	for i, name := range []string{"Leak/01", "Steady State/50% open #1", "Fluß+Druck"} {
		var text strings.Builder
		text.WriteString("'OLGA 2017.2.0.107'\nTIME PLOT\nINPUT FILE\n'x.genkey'\nCATALOG\n3\n" +
			"PT 'POSITION:' 'P1' '(PA)' 'Pressure'\nGT 'POSITION:' 'P1' '(KG/S)' 'Total mass flow'\nGTLEAK 'LEAK:' 'L' '(KG/S)' 'Leakage total mass flow rate'\n" +
			"TIME SERIES ' (S) '\n")
		rows := 90 + 37*i
		for row := range rows {
			leak := 0.0
			if row > 3 {
				leak = 0.01 * float64(row%17)
			}
			fmt.Fprintf(&text, "%d %.4e %.4e %.4e\n", row, 1e5+float64((row*row+i)%91), 20-float64(row%13)/7, leak)
		}
		files := map[string]string{name + ".tpl": text.String(), name + ".genkey": "! case " + name}
		if name == "Fluß+Druck" {
			delete(files, name+".genkey")
		}
		for file, content := range files {
			if err := o.WriteText(p.t.Context(), p.base+"/raw/"+file, content); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// run runs every section in order, and returns what became of the items, by section.
func (p *plant) run() (map[string]string, error) {
	p.t.Helper()
	file, err := config.ParsePipelines("pipelines_config.yml", []byte(p.text), config.PipelinesOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	var jobs []*etl.Job
	for _, section := range file.Names() {
		job, err := builtin.Types().Open(file, section, p.root, p.env)
		if err != nil {
			p.t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	ordered, err := etl.Order(jobs)
	if err != nil {
		p.t.Fatal(err)
	}
	told := map[string]string{}
	for _, o := range ordered {
		result, err := o.Job.Run(p.t.Context(), etl.Options{})
		if err != nil {
			return told, err
		}
		told[o.Job.Section()] = fmt.Sprintf("%d done, %d skipped, %d rows", result.Count(etl.Done), result.Count(etl.Skipped), result.Rows())
	}
	return told, nil
}

func (p *plant) mustRun() map[string]string {
	p.t.Helper()
	told, err := p.run()
	if err != nil {
		p.t.Fatal(err)
	}
	return told
}

// tags are what a store calls a version of a file.
var tags = regexp.MustCompile(`"tag": "(\\.|[^"])*"`)

// claims are what says whose the output folder is.
var claims = regexp.MustCompile(`\.manifests/(run\.json|lock)$`)

// files are all outputs, and the manifests but for what says where a file is and what
// its store calls its version.
func (p *plant) files() map[string]string {
	p.t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(p.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "raw/") || claims.MatchString(path) {
			return err
		}
		content, err := os.ReadFile(filepath.Join(p.dir, path))
		if strings.Contains(path, ".manifests/") {
			content = tags.ReplaceAll(bytes.ReplaceAll(content, []byte(p.base), nil), []byte(`"tag": ""`))
		}
		found[path] = string(content)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func wantSameFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if content, there := got[path]; !there || content != want[path] {
			t.Errorf("%s: %d bytes on disk, %d in the bucket (there: %v)", path, len(want[path]), len(content), there)
		}
	}
	for path := range got {
		if _, there := want[path]; !there {
			t.Errorf("%s is only in the bucket", path)
		}
	}
}

// requests counts what a server is asked for.
type requests struct {
	mu   sync.Mutex
	seen map[string]int // by method, and "data" of what is read of other files than manifests and descriptions
}

func (r *requests) count(_ http.ResponseWriter, request *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[request.Method]++
	if request.Method == http.MethodGet && request.URL.RawQuery == "x-id=GetObject" && !strings.Contains(request.URL.Path, ".manifests/") && !strings.HasSuffix(request.URL.Path, "_metadata.json") {
		r.seen["data"]++
	}
	return false
}

func (r *requests) reset() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// The same files, run on local disk and in a server's bucket, give the same bytes; and a
// second run does and reads nothing.
func TestAChainGivesTheSameBytesOnDiskAndOnS3(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "plant")
	var asked requests
	endpoint := server.Proxy(t, asked.count)
	disk, bucket := onDisk(t), inBucket(t, server, endpoint)
	disk.write("")
	bucket.write(endpoint)
	first := disk.mustRun()
	asked.reset()
	if told := bucket.mustRun(); !maps.Equal(told, first) {
		t.Errorf("on disk %v, in the bucket %v", first, told)
	}
	// What is written is whose the output folder is.
	if seen := asked.reset(); seen["data"] == 0 || seen[http.MethodPut] == 0 {
		t.Errorf("the first run asked for %v", seen)
	}
	want := disk.files()
	if len(want) < 30 || want["csv/Steady State/50% open #1.csv"] == "" {
		t.Fatalf("there are %d files", len(want))
	}
	wantSameFiles(t, want, bucket.files())

	second := bucket.mustRun()
	for section, told := range second {
		items := 3
		if section == "features_pipeline" {
			items = 9 // each three windows of a case
		}
		if !strings.HasPrefix(told, fmt.Sprintf("0 done, %d skipped, ", items)) {
			t.Errorf("%s: the second run tells %s", section, told)
		}
	}
	// What is written is whose the output folder is.
	if seen := asked.reset(); seen["data"] != 0 || seen[http.MethodPut] != len(second) || seen[http.MethodDelete] != 0 {
		t.Errorf("the second run asked for %v", seen)
	}
	wantSameFiles(t, want, bucket.files())
}

// gate lets so many things become visible before it does something else.
type gate struct {
	mu    sync.Mutex
	left  int
	ended func()
}

func (g *gate) Permit(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left--; g.left == 0 {
		g.ended()
	}
	return nil
}

// Wherever a server dies in the middle of a write, the run fails as one that may succeed
// later, nothing half-written is there, and the next run does what is left.
func TestAChainSurvivesAServerThatDiesMidWrite(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	disk := onDisk(t)
	disk.write("")
	disk.mustRun()
	want := disk.files()
	for _, writes := range []int{4, 26} {
		t.Run(fmt.Sprint("at write ", writes), func(t *testing.T) {
			server := s3test.Start(t)
			server.Bucket(t, "plant")
			bucket := inBucket(t, server, server.Endpoint)
			bucket.write(server.Endpoint)
			bucket.env.Gate = &gate{left: writes, ended: server.Kill}
			_, err := bucket.run()
			var unavailable *storage.UnavailableError
			if !errors.As(err, &unavailable) || pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.Passing || !strings.Contains(err.Error(), "write s3://plant/team/2026/") {
				t.Fatalf("got %v", err)
			}
			if _, err := os.Stat(bucket.dir); err != nil {
				t.Fatal(err)
			}
			for path, content := range bucket.files() {
				if want[path] != content {
					t.Errorf("%s has %d bytes, not the %d of a whole one", path, len(content), len(want[path]))
				}
			}
			server.Run(t)
			bucket.env.Gate = nil
			bucket.mustRun()
			wantSameFiles(t, want, bucket.files())
		})
	}
}

func TestWhatIsWrongWithTheBucketEndsTheRun(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "plant")
	bucket := inBucket(t, server, server.Endpoint)
	bucket.write(server.Endpoint)
	fails := func(name string, want ...string) {
		t.Helper()
		_, err := bucket.run()
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s gives %v; want %q", name, err, part)
			}
		}
		if err != nil && strings.Contains(err.Error(), "another secret") {
			t.Errorf("%s: the secret is told: %v", name, err)
		}
	}
	text := bucket.text
	bucket.text = strings.Replace(text, "bucket: plant", "bucket: plnat", 1)
	fails("a missing bucket", "tpl_genkey_pipeline: ", "there is no bucket plnat at this endpoint")
	bucket.text = strings.Replace(text, "prefix: team/2026", "prefix: team/2025", 1)
	fails("a missing folder", "s3://plant/team/2025/raw holds no file that ends in .tpl")
	bucket.text = strings.Replace(text, server.Endpoint, "http://127.0.0.2:9", 1)
	fails("another server", "http://127.0.0.2:9")
	bucket.text = text
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another secret")
	fails("wrong credentials", "tpl_genkey_pipeline: ", "which has AWS credentials that do not allow it", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
}
