package master_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"mlops/master"
	"mlops/master/auth"
	"mlops/proto/certs"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
	"mlops/statestore/bolt"
)

// expected says for every route which callers get past the gate: (n)obody,
// (c)lient, (w)orker, (v)iewer, (a)dmin. It repeats the master's own table on
// purpose: a route that is new or opened must be decided here as well.
var expected = map[string]string{
	"/mlops.v1.ClientService/GetServerInfo":  "cwva",
	"/mlops.v1.ClientService/SubmitWorkflow": "ca",
	"/mlops.v1.ClientService/GetWorkflow":    "cva",
	"/mlops.v1.ClientService/ListWorkflows":  "cva",
	"/mlops.v1.ClientService/WatchWorkflow":  "cva",
	"/mlops.v1.ClientService/CancelWorkflow": "ca",
	"/mlops.v1.ClientService/RetryWorkflow":  "ca",
	"/mlops.v1.ClientService/ListWorkers":    "cva",
	"/mlops.v1.ClientService/DrainWorker":    "a",

	"/mlops.v1.WorkerService/Synchronize":    "wa",
	"/mlops.v1.WorkerService/ReportProgress": "wa",

	"/mlops.v1.ArtifactService/StatArtifact":     "cwva",
	"/mlops.v1.ArtifactService/UploadArtifact":   "cwa",
	"/mlops.v1.ArtifactService/DownloadArtifact": "cwa",
	"/mlops.v1.ArtifactService/LinkArtifact":     "cwa",
	"/mlops.v1.ArtifactService/ListArtifacts":    "cwva",

	"/grpc.health.v1.Health/Check": "ncwva",
	"/grpc.health.v1.Health/List":  "ncwva",
	"/grpc.health.v1.Health/Watch": "ncwva",

	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      "cwva",
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "cwva",
}

const tokenOf = "token-of-the-"

func tokens(t *testing.T) *auth.Tokens {
	t.Helper()
	var lines strings.Builder
	for _, role := range []string{"client", "worker", "viewer", "admin"} {
		lines.WriteString(role + "-name " + role + " " + tokenOf + role + "\n")
	}
	parsed, err := auth.ParseTokens(lines.String())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// invoke calls a route with an empty request and returns the code it ends with.
func invoke(t *testing.T, conn *grpc.ClientConn, method string, streams bool, token string) codes.Code {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	if !streams {
		return status.Code(conn.Invoke(ctx, method, &mlopsv1.GetServerInfoRequest{}, &mlopsv1.GetServerInfoResponse{}))
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return status.Code(err)
	}
	if err := stream.SendMsg(&mlopsv1.GetServerInfoRequest{}); err != nil {
		t.Logf("%s: send: %v", method, err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Logf("%s: close: %v", method, err)
	}
	return status.Code(stream.RecvMsg(&mlopsv1.GetServerInfoResponse{}))
}

// TestEveryRouteIsDeniedUnlessItsTableSaysOtherwise walks all that a server has,
// without credentials, with wrong ones and with each role.
func TestEveryRouteIsDeniedUnlessItsTableSaysOtherwise(t *testing.T) {
	s := serve(t, t.TempDir(), func(o *master.Options) { o.Authority.Tokens = tokens(t) })
	routes := map[string]bool{}
	for service, info := range s.routes {
		for _, m := range info.Methods {
			routes["/"+service+"/"+m.Name] = m.IsClientStream || m.IsServerStream
		}
	}
	if len(routes) != len(expected) {
		t.Errorf("%d routes, %d expectations", len(routes), len(expected))
	}
	callers := map[string]string{"n": "", "c": "client", "w": "worker", "v": "viewer", "a": "admin"}
	for method, streams := range routes {
		allowed, decided := expected[method]
		if !decided {
			t.Errorf("nobody decided who may call %s", method)
		}
		for letter, role := range callers {
			want := codes.PermissionDenied
			token := tokenOf + role
			if role == "" {
				want, token = codes.Unauthenticated, ""
			}
			got := invoke(t, s.conn, method, streams, token)
			refused := got == codes.PermissionDenied || got == codes.Unauthenticated
			switch {
			case strings.Contains(allowed, letter) && refused:
				t.Errorf("%s: %q was refused: %s", method, role, got)
			case !strings.Contains(allowed, letter) && got != want:
				t.Errorf("%s: %q got %s, want %s", method, role, got, want)
			}
		}
		if got := invoke(t, s.conn, method, streams, "a token nobody gave"); !strings.Contains(allowed, "n") && got != codes.Unauthenticated {
			t.Errorf("%s: an unknown token got %s", method, got)
		}
	}
	if table := slices.Sorted(maps.Keys(auth.Allowed)); !slices.Equal(table, slices.Sorted(maps.Keys(routes))) {
		t.Errorf("the master's table lists %v", table)
	}
}

func TestReflectionTellsNothingWithoutCredentials(t *testing.T) {
	s := serve(t, t.TempDir(), func(o *master.Options) { o.Authority.Tokens = tokens(t) })
	services := func(ctx context.Context) (int, error) {
		stream, err := reflectionv1.NewServerReflectionClient(s.conn).ServerReflectionInfo(ctx)
		if err != nil {
			return 0, err
		}
		// A refused stream may end before the question is sent; its end says why.
		_ = stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
		answer, err := stream.Recv()
		return len(answer.GetListServicesResponse().GetService()), err
	}
	if n, err := services(t.Context()); status.Code(err) != codes.Unauthenticated || n != 0 {
		t.Errorf("without credentials %d services are listed: %v", n, err)
	}
	viewer := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+tokenOf+"viewer")
	if n, err := services(viewer); err != nil || n != len(s.routes) {
		t.Errorf("a viewer is told of %d services of %d: %v", n, len(s.routes), err)
	}
}

func TestACallerIsKnownByItsToken(t *testing.T) {
	s := serve(t, t.TempDir(), func(o *master.Options) { o.Authority.Tokens = tokens(t) })
	if _, err := s.clients.GetServerInfo(t.Context(), &mlopsv1.GetServerInfoRequest{}); !strings.Contains(transport.Hint(err), "--token-file") {
		t.Errorf("without a token the hint is %q for %v", transport.Hint(err), err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "bearer "+tokenOf+"client")
	info, err := s.clients.GetServerInfo(ctx, &mlopsv1.GetServerInfoRequest{})
	if err != nil || info.GetCaller() != "client-name" || info.GetRole() != "client" {
		t.Errorf("got %v, %v", info, err)
	}
	w, err := s.clients.SubmitWorkflow(ctx, &mlopsv1.SubmitWorkflowRequest{Spec: probe()})
	if err != nil || w.GetWorkflow().GetOwner() != "client-name" {
		t.Errorf("submitted %v, %v", w, err)
	}
}

func TestACallerIsKnownByItsCertificate(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if _, err := certs.GenerateDevelopmentCA(dir, nil, certs.DefaultClients()...); err != nil {
		t.Fatal(err)
	}
	config, err := auth.TLSConfig(in("server.pem"), in("server-key.pem"), in("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	address := serveTCP(t, master.Options{TLS: config, Authority: auth.Authority{Certificates: true}})
	call := func(creds credentials.TransportCredentials) (*mlopsv1.GetServerInfoResponse, error) {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return mlopsv1.NewClientServiceClient(conn).GetServerInfo(t.Context(), &mlopsv1.GetServerInfoRequest{})
	}
	trust := func(names ...string) credentials.TransportCredentials {
		client := &tls.Config{RootCAs: config.ClientCAs, ServerName: "localhost"}
		for _, name := range names {
			pair, err := tls.LoadX509KeyPair(in(name+".pem"), in(name+"-key.pem"))
			if err != nil {
				t.Fatal(err)
			}
			client.Certificates = append(client.Certificates, pair)
		}
		return credentials.NewTLS(client)
	}
	if info, err := call(trust("viewer")); err != nil || info.GetCaller() != "viewer" || info.GetRole() != "viewer" {
		t.Errorf("with a certificate: %v, %v", info, err)
	}
	if _, err := call(trust()); status.Code(err) != codes.Unauthenticated || !strings.Contains(transport.Hint(err), "--cert") {
		t.Errorf("without a certificate: %v", err)
	}
	if _, err := call(insecure.NewCredentials()); status.Code(err) != codes.Unavailable {
		t.Errorf("without TLS: %v", err)
	}
}

// serveTCP starts a master on a free loopback port and returns its address.
func serveTCP(t *testing.T, opts master.Options) string {
	t.Helper()
	dir := t.TempDir()
	store, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opts.ArtifactDir, opts.Logger = filepath.Join(dir, "artifacts"), slog.New(slog.DiscardHandler)
	m, err := master.New(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := m.Serve(ctx, listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		serving.Wait()
		m.Close()
		store.Close()
	})
	return listener.Addr().String()
}
