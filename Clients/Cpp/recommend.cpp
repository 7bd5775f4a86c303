// Asks a Sidecart server for a slate by gRPC. Usage: recommend SOCKET USER ITEM...

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <string>

#include "sidecart/v1/scoring.grpc.pb.h"

int main(int count, char **arguments) {
    if (count < 3) {
        std::cerr << "usage: recommend SOCKET USER ITEM...\n";
        return 64;
    }
    // Nothing leaves the machine, and the kernel tells the server who calls, so there is no TLS.
    auto channel = grpc::CreateChannel(std::string("unix:") + arguments[1], grpc::InsecureChannelCredentials());
    auto scoring = sidecart::v1::Scoring::NewStub(channel);

    sidecart::v1::RecommendRequest request;
    request.mutable_context()->set_user_id(arguments[2]);
    for (int i = 3; i < count; ++i) request.mutable_context()->add_basket(arguments[i]);
    request.set_k(5);

    // The deadline goes with the call, so that the server does not work for nobody.
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    sidecart::v1::RecommendResponse slate;
    grpc::Status status = scoring->Recommend(&context, request, &slate);
    if (!status.ok()) {
        std::cerr << status.error_code() << ": " << status.error_message() << "\n";
        return 1;
    }
    for (const auto &item : slate.items())
        std::cout << item.item_id() << " " << item.title() << " " << item.score() << "\n";
}
