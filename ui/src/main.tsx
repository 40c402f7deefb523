import "@fontsource-variable/inter";
import "@fontsource/jetbrains-mono/latin-400.css";
import "@fontsource/jetbrains-mono/latin-500.css";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { Entry } from "./Entry";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/forge.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
const client = new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } } });

createRoot(root).render(
  <ErrorBoundary what="The window">
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <Entry />
      </QueryClientProvider>
    </CSPProvider>
  </ErrorBoundary>,
);
