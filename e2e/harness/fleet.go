package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

// Heartbeat is the period of the fleets in tests; leases last three of them.
const Heartbeat = 500 * time.Millisecond

// Fleet is a master with its state directory, and its workers.
type Fleet struct {
	Dir     string // of this fleet; its state and its workers' directories are beneath
	Address string // of the master; the same after a restart
	Master  *Process

	t       testing.TB
	bin     *Binaries
	args    []string
	workers int
}

// NewFleet starts a master with further arguments.
func NewFleet(t testing.TB, bin *Binaries, args ...string) *Fleet {
	t.Helper()
	f := &Fleet{Dir: t.TempDir(), Address: "127.0.0.1:0", t: t, bin: bin, args: args}
	f.StartMaster()
	return f
}

// StartMaster starts the master, again on its old address if it had one.
func (f *Fleet) StartMaster() {
	f.t.Helper()
	ready := filepath.Join(f.Dir, "ready")
	if err := os.RemoveAll(ready); err != nil {
		f.t.Fatal(err)
	}
	args := append([]string{
		"--listen", f.Address, "--state", filepath.Join(f.Dir, "state"), "--ready-file", ready,
		"--heartbeat", Heartbeat.String(),
	}, f.args...)
	f.Master = Start(f.t, "mlops-master", f.bin.Path("mlops-master"), args, nil)
	Eventually(f.t, 20*time.Second, "the master writes its ready file", func() bool {
		select {
		case <-f.Master.Done():
			f.t.Fatalf("the master ended at its start:\n%s", f.Master.Log())
		default:
		}
		text, err := os.ReadFile(ready)
		if err != nil {
			return false
		}
		f.Address = strings.TrimSpace(string(text))
		return true
	})
}

// StartWorker starts a worker with further arguments. It dials the master
// unless they name another one.
func (f *Fleet) StartWorker(args ...string) *Process {
	f.t.Helper()
	f.workers++
	id := fmt.Sprintf("worker-%d", f.workers)
	return f.StartWorkerAs(id, args...)
}

// StartWorkerAs starts a worker of that id, which keeps its own work directory
// over restarts.
func (f *Fleet) StartWorkerAs(id string, args ...string) *Process {
	f.t.Helper()
	all := append([]string{"--master", f.Address, "--id", id, "--work-dir", filepath.Join(f.Dir, id)}, args...)
	return Start(f.t, id, f.bin.Path("mlops-worker"), all, nil)
}

// CLI runs mlops-cli against the master in dir.
func (f *Fleet) CLI(dir string, args ...string) Result {
	f.t.Helper()
	return Run(f.t, dir, f.bin.Path("mlops-cli"), args, []string{"MLOPS_MASTER=" + f.Address, "NO_COLOR=1"})
}

// Dial connects to the master; the connection is closed with the test.
func (f *Fleet) Dial() *grpc.ClientConn {
	f.t.Helper()
	conn, err := transport.Dial(transport.ClientOptions{Address: f.Address})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.Close() })
	return conn
}

// Client connects to the master's client service.
func (f *Fleet) Client() mlopsv1.ClientServiceClient {
	f.t.Helper()
	return mlopsv1.NewClientServiceClient(f.Dial())
}

// AwaitWorkers waits until so many workers are ready.
func (f *Fleet) AwaitWorkers(client mlopsv1.ClientServiceClient, n int) {
	f.t.Helper()
	Eventually(f.t, 20*time.Second, fmt.Sprintf("%d workers are ready", n), func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		response, err := client.ListWorkers(ctx, &mlopsv1.ListWorkersRequest{})
		if err != nil {
			return false
		}
		ready := 0
		for _, w := range response.Workers {
			if w.State == "ready" {
				ready++
			}
		}
		return ready >= n
	})
}
