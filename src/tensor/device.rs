//! The choice of a device: the one place where it becomes a type.

/// Where calculations run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA card.
    Cuda,
}

impl Device {
    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::Cuda => "cuda",
        }
    }

    /// Whether its memory is the host's.
    pub fn on_host(self) -> bool {
        match self {
            Device::Cpu => true,
            Device::Cuda => false,
        }
    }

    /// Whether there is such a device.
    ///
    /// # Errors
    /// Why it is not available, in words.
    pub fn check(self) -> Result<(), String> {
        match self {
            Device::Cpu => Ok(()),
            #[cfg(feature = "cuda")]
            Device::Cuda => dfdx::prelude::Cuda::try_build(0, 0).map(drop).map_err(|error| error.to_string()),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda => Err(NO_CUDA.to_owned()),
        }
    }
}

/// The message of a build without the feature.
#[cfg(not(feature = "cuda"))]
pub(crate) const NO_CUDA: &str = "this build of ksr has no CUDA; build with `--features cuda`";

/// Evaluates an expression in which a name stands for the [`Backend`] type of the chosen [`Device`]. Gives its value, or says
/// why this build has no such device.
macro_rules! on_device {
    ($device:expr, $name:ident => $work:expr) => {
        match $device {
            $crate::tensor::Device::Cpu => {
                type $name = $crate::tensor::Cpu;
                Ok::<_, String>($work)
            }
            #[cfg(feature = "cuda")]
            $crate::tensor::Device::Cuda => {
                type $name = ::dfdx::prelude::Cuda;
                Ok($work)
            }
            #[cfg(not(feature = "cuda"))]
            $crate::tensor::Device::Cuda => Err($crate::tensor::NO_CUDA.to_owned()),
        }
    };
}
pub(crate) use on_device;
