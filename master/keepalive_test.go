package master_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
	"mlops/statestore/bolt"
)

// A worker whose attempts say nothing for long asks now and then whether the
// master is still there; the master must not take that for abuse.
func TestAnIdleStreamIsNotEndedForItsPings(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := serveStore(t, dir, store)
		dialled := 0
		conn, err := transport.Dial(transport.ClientOptions{Address: "master", ContextDialer: func(ctx context.Context, _ string) (net.Conn, error) {
			dialled++
			return s.listener.DialContext(ctx)
		}})
		if err != nil {
			t.Fatal(err)
		}
		stream, err := mlopsv1.NewWorkerServiceClient(conn).ReportProgress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * transport.KeepaliveTime)
		if err := stream.Send(&mlopsv1.ReportProgressRequest{WorkerId: "a", SessionId: "s"}); err != nil {
			t.Errorf("send: %v", err)
		}
		if _, err := stream.CloseAndRecv(); err != nil {
			t.Errorf("the stream ended with %v", err)
		}
		if dialled != 1 {
			t.Errorf("%d connections were made", dialled)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		s.stop()
	})
}
