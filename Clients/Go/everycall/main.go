// Command everycall is a test of servers: it calls every unary method of some .proto files with an empty
// request and prints the codes, or has a server of grpc.testing.TestService answer with every status.
//
// Usage: everycall ttrpc|grpc SOCKET methods FILE.proto...
//
//	everycall ttrpc|grpc SOCKET statuses
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/ioutil"
	"log"
	"net"
	"os"
	"reflect"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/protoc-gen-go/descriptor"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	_ "grpc/health/v1"
	interop "sidecart/interop"
	_ "sidecart/v1"
)

// call makes one unary call by either library.
type call func(ctx context.Context, service, method string, request, reply proto.Message) error

func connect(protocol, socket string) call {
	switch protocol {
	case "ttrpc":
		conn, err := net.Dial("unix", socket)
		if err != nil {
			log.Fatal(err)
		}
		client := ttrpc.NewClient(conn)
		return func(ctx context.Context, service, method string, request, reply proto.Message) error {
			return client.Call(ctx, service, method, request, reply)
		}
	case "grpc":
		dial := func(ctx context.Context, path string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		conn, err := grpc.Dial(
			"passthrough:///"+socket, grpc.WithInsecure(), grpc.WithContextDialer(dial))
		if err != nil {
			log.Fatal(err)
		}
		return func(ctx context.Context, service, method string, request, reply proto.Message) error {
			return conn.Invoke(ctx, "/"+service+"/"+method, request, reply, grpc.WaitForReady(true))
		}
	}
	log.Fatalf("there is no protocol %q", protocol)
	return nil
}

func describe(name string) *descriptor.FileDescriptorProto {
	reader, err := gzip.NewReader(bytes.NewReader(proto.FileDescriptor(name)))
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	text, err := ioutil.ReadAll(reader)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	file := &descriptor.FileDescriptorProto{}
	if err := proto.Unmarshal(text, file); err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return file
}

// message makes an empty message of a type such as ".sidecart.v1.ScoreRequest".
func message(name string) proto.Message {
	kind := proto.MessageType(name[1:])
	if kind == nil {
		log.Fatalf("there is no message %s", name)
	}
	return reflect.New(kind.Elem()).Interface().(proto.Message)
}

func methods(call call, files []string) {
	for _, name := range files {
		file := describe(name)
		for _, service := range file.Service {
			for _, method := range service.Method {
				// Drain ends the server.
				if method.GetServerStreaming() || method.GetClientStreaming() || method.GetName() == "Drain" {
					continue
				}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				full := file.GetPackage() + "." + service.GetName()
				err := call(
					ctx, full, method.GetName(), message(method.GetInputType()), message(method.GetOutputType()))
				cancel()
				fmt.Printf("%s/%s %d\n", full, method.GetName(), status.Code(err))
			}
		}
	}
}

func statuses(call call) {
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		for _, text := range []string{"", "a message", "\t\ntest with whitespace\r\nand ☺ and 😈\t\n"} {
			request := &interop.SimpleRequest{ResponseSize: 10}
			if code != codes.OK {
				request.ResponseStatus = &interop.EchoStatus{Code: int32(code), Message: text}
			}
			reply := &interop.SimpleResponse{}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			err := call(ctx, "grpc.testing.TestService", "UnaryCall", request, reply)
			cancel()
			if code == codes.OK {
				if err != nil || len(reply.GetPayload().GetBody()) != 10 {
					log.Fatalf("OK: %v %v", err, reply)
				}
				continue
			}
			answer, ok := status.FromError(err)
			if !ok || answer.Code() != code || answer.Message() != text {
				log.Fatalf("%v %q: %v", code, text, err)
			}
		}
	}
	fmt.Println("ok")
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("usage: everycall ttrpc|grpc SOCKET methods FILE.proto... | statuses")
	}
	call := connect(os.Args[1], os.Args[2])
	switch os.Args[3] {
	case "methods":
		methods(call, os.Args[4:])
	case "statuses":
		statuses(call)
	default:
		log.Fatalf("there is no test %q", os.Args[3])
	}
}
