package artifacts_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"mlops/master/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// links is the part of a state store that artifacts need, in memory.
type links struct {
	mu  sync.Mutex
	all map[string]*mlopsv1.ArtifactLink
}

func (l *links) PutLink(_ context.Context, link *mlopsv1.ArtifactLink) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[link.GetName()] = link
	return nil
}

func (l *links) Links(_ context.Context, prefix, token string, limit int) ([]*mlopsv1.ArtifactLink, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var page []*mlopsv1.ArtifactLink
	for _, link := range l.all {
		if strings.HasPrefix(link.GetName(), prefix) && link.GetName() > token {
			page = append(page, link)
		}
	}
	slices.SortFunc(page, func(a, b *mlopsv1.ArtifactLink) int { return strings.Compare(a.GetName(), b.GetName()) })
	if len(page) > limit {
		return page[:limit], page[limit-1].GetName(), nil
	}
	return page, "", nil
}

const limit = 8 << 20

// fixture is a service on a connection, with its folder and a clock to be set.
type fixture struct {
	t      *testing.T
	c      mlopsv1.ArtifactServiceClient
	root   string
	folder *artifacts.Folder
	links  *links
	now    time.Time
}

func serve(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, root: t.TempDir(), links: &links{all: map[string]*mlopsv1.ArtifactLink{}}, now: time.Now()}
	now := func() time.Time { return f.now }
	folder, err := artifacts.OpenFolder(f.root, now)
	if err != nil {
		t.Fatal(err)
	}
	f.folder = folder
	s := grpc.NewServer(grpc.WaitForHandlers(true))
	mlopsv1.RegisterArtifactServiceServer(s, artifacts.NewService(folder, f.links, limit, now))
	l := bufconn.Listen(1 << 20)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	conn, err := grpc.NewClient("passthrough:///x",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); s.Stop(); serving.Wait() })
	f.c = mlopsv1.NewArtifactServiceClient(conn)
	return f
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// upload sends data from offset on in chunks, naming name as its digest.
func (f *fixture) upload(name string, data []byte, size, offset int64) error {
	f.t.Helper()
	stream, err := f.c.UploadArtifact(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	req := &mlopsv1.UploadArtifactRequest{Digest: name, Size: size, Offset: offset}
	for chunk := range slices.Chunk(data[offset:], artifacts.MaxChunk) {
		req.Data = chunk
		if err := stream.Send(req); err != nil && !errors.Is(err, io.EOF) {
			f.t.Fatal(err)
		}
		req = &mlopsv1.UploadArtifactRequest{}
	}
	if req.GetDigest() != "" {
		if err := stream.Send(req); err != nil && !errors.Is(err, io.EOF) {
			f.t.Fatal(err)
		}
	}
	_, err = stream.CloseAndRecv()
	return err
}

// start sends the first bytes of an upload and breaks off once they are kept.
func (f *fixture) start(data []byte, n int64) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	stream, err := f.c.UploadArtifact(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := stream.Send(&mlopsv1.UploadArtifactRequest{Digest: digest(data), Size: int64(len(data)), Data: data[:n]}); err != nil {
		f.t.Fatal(err)
	}
	for f.stat(digest(data)).GetResumeOffset() != n {
	}
	cancel()
}

func (f *fixture) stat(name string) *mlopsv1.StatArtifactResponse {
	f.t.Helper()
	resp, err := f.c.StatArtifact(f.t.Context(), &mlopsv1.StatArtifactRequest{Digest: name})
	if err != nil {
		f.t.Fatal(err)
	}
	return resp
}

func (f *fixture) download(name string, offset int64) ([]byte, error) {
	f.t.Helper()
	stream, err := f.c.DownloadArtifact(f.t.Context(), &mlopsv1.DownloadArtifactRequest{Digest: name, Offset: offset})
	if err != nil {
		f.t.Fatal(err)
	}
	var got []byte
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		got = append(got, resp.GetData()...)
	}
}

func TestWhatWasUploadedIsDownloaded(t *testing.T) {
	f := serve(t)
	for _, size := range []int{0, 1, artifacts.MaxChunk, 2*artifacts.MaxChunk + 7} {
		data := bytes.Repeat([]byte{byte(size), 1, 2}, size)[:size]
		name := digest(data)
		if err := f.upload(name, data, int64(size), 0); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if got := f.stat(name); !got.GetExists() || got.GetSize() != int64(size) {
			t.Errorf("%d bytes: %v", size, got)
		}
		for _, offset := range []int{0, size / 2, size} {
			got, err := f.download(name, int64(offset))
			if err != nil || !bytes.Equal(got, data[offset:]) {
				t.Errorf("%d bytes from %d: got %d, %v", size, offset, len(got), err)
			}
		}
		if err := f.upload(name, data, int64(size), 0); err != nil {
			t.Errorf("%d bytes again: %v", size, err)
		}
	}
}

func TestABrokenOffUploadGoesOn(t *testing.T) {
	f := serve(t)
	data := bytes.Repeat([]byte("abc"), artifacts.MaxChunk)
	f.start(data, 1000)
	if got := f.stat(digest(data)); got.GetExists() || got.GetResumeOffset() != 1000 {
		t.Fatalf("after the break: %v", got)
	}
	if err := f.upload(digest(data), data, int64(len(data)), 2000); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("beyond what was kept: %v", err)
	}
	if err := f.upload(digest(data), data, int64(len(data)), 1000); err != nil {
		t.Fatal(err)
	}
	if got, err := f.download(digest(data), 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if left, err := os.ReadDir(filepath.Join(f.root, "partial")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestANewerUploadTakesTheOlderOnesPlace(t *testing.T) {
	f := serve(t)
	data := bytes.Repeat([]byte("xyz"), 1000)
	older, err := f.c.UploadArtifact(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := older.Send(&mlopsv1.UploadArtifactRequest{Digest: digest(data), Size: int64(len(data)), Data: data[:10]}); err != nil {
		t.Fatal(err)
	}
	for f.stat(digest(data)).GetResumeOffset() != 10 {
	}
	newer, err := f.c.UploadArtifact(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := newer.Send(&mlopsv1.UploadArtifactRequest{Digest: digest(data), Size: int64(len(data)), Offset: 10, Data: data[10:100]}); err != nil {
		t.Fatal(err)
	}
	for f.stat(digest(data)).GetResumeOffset() != 100 {
	}
	if err := older.Send(&mlopsv1.UploadArtifactRequest{Data: []byte("garbage")}); err != nil {
		t.Fatal(err)
	}
	if _, err := older.CloseAndRecv(); status.Code(err) != codes.Aborted {
		t.Errorf("the older upload: %v", err)
	}
	if err := newer.Send(&mlopsv1.UploadArtifactRequest{Data: data[100:]}); err != nil {
		t.Fatal(err)
	}
	if _, err := newer.CloseAndRecv(); err != nil {
		t.Errorf("the newer upload: %v", err)
	}
}

func TestBadUploadsLeaveNothingUnderTheirDigest(t *testing.T) {
	f := serve(t)
	data := []byte("some bytes")
	other := digest([]byte("other bytes"))
	for name, c := range map[string]struct {
		digest       string
		size, offset int64
		want         codes.Code
		field        string
	}{
		"another digest":   {other, 10, 0, codes.DataLoss, "announced " + other},
		"too few bytes":    {other, 11, 0, codes.InvalidArgument, "data:"},
		"too many bytes":   {other, 9, 0, codes.InvalidArgument, "data:"},
		"too large":        {other, limit + 1, 0, codes.ResourceExhausted, "size:"},
		"negative size":    {other, -1, 0, codes.InvalidArgument, "size:"},
		"path as digest":   {"../../../etc/passwd", 10, 0, codes.InvalidArgument, "digest:"},
		"upper case":       {strings.ToUpper(other), 10, 0, codes.InvalidArgument, "digest:"},
		"no digest":        {"", 10, 0, codes.InvalidArgument, "digest:"},
		"digest with line": {other + "\n", 10, 0, codes.InvalidArgument, "digest:"},
	} {
		err := f.upload(c.digest, data, c.size, c.offset)
		if status.Code(err) != c.want || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: got %v, want %s with %q", name, err, c.want, c.field)
		}
	}
	if f.stat(other).GetExists() {
		t.Error("something is there under a digest that the bytes do not have")
	}
	if _, err := f.download(other, 0); status.Code(err) != codes.NotFound {
		t.Errorf("download: %v", err)
	}
}

func TestLinksAreListedByPrefixPageByPage(t *testing.T) {
	f := serve(t)
	data := []byte("linked")
	if err := f.upload(digest(data), data, 6, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/1", "a/2", "a/3", "b/1"} {
		if _, err := f.c.LinkArtifact(t.Context(), &mlopsv1.LinkArtifactRequest{Digest: digest(data), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	req := &mlopsv1.ListArtifactsRequest{Prefix: "a/", PageSize: 2}
	for {
		resp, err := f.c.ListArtifacts(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range resp.GetLinks() {
			names = append(names, l.GetName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if !slices.Equal(names, []string{"a/1", "a/2", "a/3"}) {
		t.Errorf("listed %v", names)
	}
	for name, want := range map[string]codes.Code{
		"": codes.InvalidArgument, "/a": codes.InvalidArgument, "a//b": codes.InvalidArgument, "../a": codes.InvalidArgument,
		"a\\b": codes.InvalidArgument, "a\nb": codes.InvalidArgument, strings.Repeat("x", 513): codes.InvalidArgument,
	} {
		_, err := f.c.LinkArtifact(t.Context(), &mlopsv1.LinkArtifactRequest{Digest: digest(data), Name: name})
		if status.Code(err) != want {
			t.Errorf("name %q: %v", name, err)
		}
	}
	_, err := f.c.LinkArtifact(t.Context(), &mlopsv1.LinkArtifactRequest{Digest: digest([]byte("missing")), Name: "a"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("a link to nothing: %v", err)
	}
	if _, err := f.c.ListArtifacts(t.Context(), &mlopsv1.ListArtifactsRequest{PageSize: 1001}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a large page: %v", err)
	}
}

func TestOnlyWhatIsOldAndNamedNowhereIsCollected(t *testing.T) {
	f := serve(t)
	put := func(text string) string {
		if err := f.upload(digest([]byte(text)), []byte(text), int64(len(text)), 0); err != nil {
			t.Fatal(err)
		}
		return digest([]byte(text))
	}
	linked, named, used, idle := put("linked"), put("named"), put("used"), put("idle")
	f.start([]byte("never finished"), 5)
	if _, err := f.c.LinkArtifact(t.Context(), &mlopsv1.LinkArtifactRequest{Digest: linked, Name: "x"}); err != nil {
		t.Fatal(err)
	}
	collector := &artifacts.Collector{
		Folder: f.folder, Links: f.links, MinAge: time.Hour, Logger: slog.New(slog.DiscardHandler),
		References: func(_ context.Context, each func([]byte)) error {
			each([]byte("\x0a\x50artifact://" + named + "/data.csv\x12"))
			return nil
		},
	}
	f.now = f.now.Add(2 * time.Hour)
	fresh := put("fresh")
	f.stat(used)
	if n, err := collector.Collect(t.Context()); err != nil || n != 1 {
		t.Fatalf("collected %d, %v", n, err)
	}
	for digest, want := range map[string]bool{linked: true, named: true, used: true, fresh: true, idle: false} {
		if got := f.stat(digest).GetExists(); got != want {
			t.Errorf("%s exists: %v, want %v", digest, got, want)
		}
	}
	if left, err := os.ReadDir(filepath.Join(f.root, "partial")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
