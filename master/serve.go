package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
)

// server makes a gRPC server with all of the master's services.
func (m *Master) server() (*grpc.Server, *health.Server) {
	recovered := recovery.WithRecoveryHandler(m.panicked)
	options := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(recovered), m.opts.Authority.Unary()),
		grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor(recovered), m.opts.Authority.Stream()),
		grpc.MaxRecvMsgSize(m.opts.MaxMessageBytes),
		grpc.MaxSendMsgSize(m.opts.MaxMessageBytes),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WaitForHandlers(true),
	}
	if m.opts.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(m.opts.TLS)))
	}
	s := grpc.NewServer(options...)
	m.Register(s)
	h := health.NewServer()
	grpc_health_v1.RegisterHealthServer(s, h)
	reflection.Register(s)
	return s, h
}

// panicked is what a caller is told of a panic; the log is told more.
func (m *Master) panicked(p any) error {
	m.opts.Logger.Error("a call panicked", "panic", p, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "the master met an internal error; its log has the details")
}

// Serve answers calls on the listeners until ctx ends, and then stops gracefully:
// it grants nothing more, ends waiting calls and watches, and gives the calls under
// way StopTimeout to end. It closes the listeners. A master serves once; Close must
// still be called.
func (m *Master) Serve(ctx context.Context, listeners ...net.Listener) error {
	s, h := m.server()
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() {
			if err := s.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	h.Shutdown()
	m.quiesce()
	forced := time.AfterFunc(m.opts.StopTimeout, s.Stop)
	s.GracefulStop()
	forced.Stop()
	serving.Wait()
	return err
}
