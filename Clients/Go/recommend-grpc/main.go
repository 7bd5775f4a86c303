// Command recommend-grpc asks a Sidecart server for a slate by gRPC.
//
// Usage: recommend-grpc SOCKET USER ITEM...
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"

	sidecart "sidecart/v1"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: recommend-grpc SOCKET USER ITEM...")
	}
	// A dialer for the socket, since not every version knows unix: addresses. Nothing leaves the machine,
	// and the kernel tells the server who calls, so there is no TLS.
	dial := func(ctx context.Context, path string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	conn, err := grpc.Dial("passthrough:///"+os.Args[1], grpc.WithInsecure(), grpc.WithContextDialer(dial))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	slate, err := sidecart.NewScoringClient(conn).Recommend(ctx, &sidecart.RecommendRequest{
		Context: &sidecart.Context{UserId: os.Args[2], Basket: os.Args[3:]},
		K:       5,
	}, grpc.WaitForReady(true))
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range slate.Items {
		fmt.Println(item.ItemId, item.Title, item.Score)
	}
}
