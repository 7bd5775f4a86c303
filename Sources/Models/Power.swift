#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// base^exponent, by the C library; its last bits may differ from one library to another.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

func power(_ base: Float, _ exponent: Float) -> Float { pow(base, exponent) }

/// The natural logarithm, under the same reserve.
func logarithm(_ value: Float) -> Float { log(value) }

func logarithm(_ value: Double) -> Double { log(value) }

/// e to this power, under the same reserve.
func exponential(_ value: Double) -> Double { exp(value) }

func exponential(_ value: Float) -> Float { exp(value) }
