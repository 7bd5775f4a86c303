internal import Glibc

/// base^exponent, by the C library; its last bits may differ from one library to another.
package func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

package func power(_ base: Float, _ exponent: Float) -> Float { pow(base, exponent) }

/// The natural logarithm, under the same reserve.
package func logarithm(_ value: Float) -> Float { log(value) }

package func logarithm(_ value: Double) -> Double { log(value) }

/// e to this power, under the same reserve.
package func exponential(_ value: Double) -> Double { exp(value) }

package func exponential(_ value: Float) -> Float { exp(value) }
