package auth

import (
	"context"

	"google.golang.org/grpc"
)

// Unary returns the interceptor that lets through what the caller may call.
func (a *Authority) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		who, err := a.authorize(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(With(ctx, who), req)
	}
}

// Stream returns the interceptor that does the same for streams.
func (a *Authority) Stream() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		who, err := a.authorize(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &identifiedStream{stream, With(stream.Context(), who)})
	}
}

// identifiedStream is a stream whose context carries who calls.
type identifiedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context carries who calls.
func (s *identifiedStream) Context() context.Context { return s.ctx }
