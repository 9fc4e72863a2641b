package artifacts_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"mlops/proto/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
)

// memory is an ArtifactService that keeps everything in memory and breaks
// transfers off on request.
type memory struct {
	mlopsv1.UnimplementedArtifactServiceServer
	mu       sync.Mutex
	whole    map[string][]byte
	partial  map[string][]byte
	links    map[string]string
	received int // bytes that uploads carried, in all
	sent     int // bytes that downloads carried, in all

	breakUploads   int  // so many uploads break off after one chunk
	breakDownloads int  // so many downloads break off after one chunk
	forgetful      bool // broken uploads leave nothing behind
	unavailable    int  // so many Stat calls fail
	corrupt        bool // downloads have their first byte changed
	chunk          int  // bytes of a download's message
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// put stores an artifact and returns its URL.
func (m *memory) put(data []byte, name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.whole[digestOf(data)] = data
	return artifacts.FormatURL(digestOf(data), name)
}

func (m *memory) StatArtifact(_ context.Context, r *mlopsv1.StatArtifactRequest) (*mlopsv1.StatArtifactResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unavailable > 0 {
		m.unavailable--
		return nil, status.Error(codes.Unavailable, "away")
	}
	if data, ok := m.whole[r.GetDigest()]; ok {
		return &mlopsv1.StatArtifactResponse{Exists: true, Size: int64(len(data))}, nil
	}
	return &mlopsv1.StatArtifactResponse{ResumeOffset: int64(len(m.partial[r.GetDigest()]))}, nil
}

func (m *memory) UploadArtifact(stream grpc.ClientStreamingServer[mlopsv1.UploadArtifactRequest, mlopsv1.UploadArtifactResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	digest := first.GetDigest()
	m.mu.Lock()
	data := slices.Clone(m.partial[digest])
	breaks := m.breakUploads > 0
	if breaks {
		m.breakUploads--
	}
	m.mu.Unlock()
	if first.GetOffset() != int64(len(data)) {
		return status.Error(codes.OutOfRange, "wrong offset")
	}
	for message := first; err == nil; message, err = stream.Recv() {
		data = append(data, message.GetData()...)
		m.mu.Lock()
		m.received += len(message.GetData())
		if !m.forgetful {
			m.partial[digest] = slices.Clone(data)
		}
		m.mu.Unlock()
		if breaks {
			return status.Error(codes.Unavailable, "the line broke")
		}
	}
	if err != io.EOF {
		return err
	}
	if digestOf(data) != digest || int64(len(data)) != first.GetSize() {
		return status.Error(codes.InvalidArgument, "the bytes do not have the digest")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.whole[digest] = data
	delete(m.partial, digest)
	return stream.SendAndClose(&mlopsv1.UploadArtifactResponse{Digest: digest, Size: first.GetSize()})
}

func (m *memory) DownloadArtifact(r *mlopsv1.DownloadArtifactRequest, stream grpc.ServerStreamingServer[mlopsv1.DownloadArtifactResponse]) error {
	m.mu.Lock()
	data, ok := m.whole[r.GetDigest()]
	breaks := m.breakDownloads > 0
	if breaks {
		m.breakDownloads--
	}
	corrupt, chunk := m.corrupt, m.chunk
	m.mu.Unlock()
	if !ok {
		return status.Error(codes.NotFound, "no such artifact")
	}
	if r.GetOffset() > int64(len(data)) {
		return status.Error(codes.OutOfRange, "beyond the end")
	}
	rest := slices.Clone(data[r.GetOffset():])
	if corrupt && r.GetOffset() == 0 && len(rest) > 0 {
		rest[0] ^= 1
	}
	for first := true; first || len(rest) > 0; first = false {
		n := min(chunk, len(rest))
		if err := stream.Send(&mlopsv1.DownloadArtifactResponse{Data: rest[:n], Size: int64(len(data))}); err != nil {
			return err
		}
		rest = rest[n:]
		m.mu.Lock()
		m.sent += n
		m.mu.Unlock()
		if breaks {
			return status.Error(codes.Unavailable, "the line broke")
		}
	}
	return nil
}

func (m *memory) LinkArtifact(_ context.Context, r *mlopsv1.LinkArtifactRequest) (*mlopsv1.LinkArtifactResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.whole[r.GetDigest()]; !ok {
		return nil, status.Error(codes.NotFound, "no such artifact")
	}
	m.links[r.GetName()] = r.GetDigest()
	return &mlopsv1.LinkArtifactResponse{}, nil
}

// ListArtifacts returns two links a page.
func (m *memory) ListArtifacts(_ context.Context, r *mlopsv1.ListArtifactsRequest) (*mlopsv1.ListArtifactsResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for n := range m.links {
		if strings.HasPrefix(n, r.GetPrefix()) && n > r.GetPageToken() {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	page := &mlopsv1.ListArtifactsResponse{}
	if len(names) > 2 {
		names = names[:2]
		page.NextPageToken = names[1]
	}
	for _, n := range names {
		page.Links = append(page.Links, &mlopsv1.ArtifactLink{Name: n, Digest: m.links[n]})
	}
	return page, nil
}

// start serves a fake and returns it with a client that retries at once.
func start(t *testing.T) (*memory, *artifacts.Client) {
	t.Helper()
	m := &memory{whole: map[string][]byte{}, partial: map[string][]byte{}, links: map[string]string{}, chunk: artifacts.ChunkBytes}
	return m, artifacts.New(serve(t, m), artifacts.WithBackoff(func() backoff.BackOff { return &backoff.ZeroBackOff{} }))
}

// serve offers the fake in memory until the test's end.
func serve(t *testing.T, m *memory) mlopsv1.ArtifactServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	mlopsv1.RegisterArtifactServiceServer(server, m)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-done
	})
	return mlopsv1.NewArtifactServiceClient(conn)
}

// noise is data of which no two chunks are equal.
func noise(n int) []byte {
	var b bytes.Buffer
	for sum := sha256.Sum256(nil); b.Len() < n; sum = sha256.Sum256(sum[:]) {
		b.Write(sum[:])
	}
	return b.Bytes()[:n]
}
